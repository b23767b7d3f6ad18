"""団体内統合宛名: one ledger a body. Joins the people of its business systems under one integrated address number.

Holds integrated address number ↔ personal number ↔ four basic items ↔ each business system's own number. Never holds
a copy, a linkage code, or anything that a business system knows about a person beyond these.
"""
