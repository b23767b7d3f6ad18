"""住民基本台帳: the resident records of one municipality; the source of its copies of the resident record.

Holds residents, their households, addresses, personal numbers and resident record codes, and the history of changes.
Never holds a linkage code, an integrated address number, or what other bodies know about a resident.
"""
