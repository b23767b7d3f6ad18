"""中間サーバー: one tenant a body. Holds copies and codes, asks for its body, answers for its body, records both.

Holds copies (副本) keyed by address number and linkage code, the time of each copy, the records of exchange, and the
signed messages that prove them. Never holds a personal number or, as a record of its own, any of the four basic items.
"""
