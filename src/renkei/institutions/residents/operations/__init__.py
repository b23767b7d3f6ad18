"""Writes of a registry: the first load, moves, households, and what changes about a person."""
