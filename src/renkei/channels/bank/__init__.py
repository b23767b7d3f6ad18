"""見本銀行: a private company that relies on the sign-in, and makes payments that a person agreed to at the provider.

It knows people by its own pairwise subject alone, and keeps its books by double entry in whole yen.
"""
