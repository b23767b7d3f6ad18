"""申告サービス: an income tax return is drafted, signed with the card, filed, and paid at the bank, in one act.

It stands for the tax office's side as well: it gives the receipt number of what is filed. It relies on the sign-in,
knows people by its own pairwise subject, and never holds a personal number.
"""
