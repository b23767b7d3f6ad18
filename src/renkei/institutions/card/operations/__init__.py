"""Writes of the card's authority: generations, certificates, their standing, lists of revoked ones."""
