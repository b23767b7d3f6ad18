"""Agencies: the business systems of bodies, one room each. They know people by their own numbers (宛名番号) only."""
