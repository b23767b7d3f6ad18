"""Values that every room shares: identifiers, time, errors, audit events. Imports nothing of Renkei."""
