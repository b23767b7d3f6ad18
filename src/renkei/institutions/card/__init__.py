"""The personal-number card: its certification authority, the chip, and the programs in front of it."""
