"""Writes of the core: permits, codes, reports, the register of bodies."""
