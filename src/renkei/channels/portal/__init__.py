"""マイポータル: the person's side. Holds accounts and its own linkage code per person; never another body's records.

What it shows of the exchange it asks of the core under its own code, verifies, shows and forgets.
"""
