"""Revisions of the tables, one file each, the first to the last."""
