"""The card agent: shows who asks for the card and for what, takes the PIN, and hands the site what the card said.

It runs on the person's own machine in front of PC/SC (`renkei card agent`), or stands in a demonstration in front of
test cards; the pages are the same. `contracts/card_agent.py` tells the conversation with the site.
"""
