"""Writes of the ledger: enrolling, changing, merging and splitting, ordering linkage codes."""
