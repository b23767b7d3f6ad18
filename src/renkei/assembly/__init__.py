"""Putting the rooms together: one process (embedded), one process a role, the command line, the synthetic country."""
