"""Revisions of the tables of proofing."""
