"""地方税: a municipality's resident tax (住民税). Assesses income, corrects assessments, provides copies.

Holds what was declared about each taxpayer's income and what was assessed from it, every revision of it. Knows people
by its own number; never holds a personal number, an address number or a linkage code, nor a name: the letter that
names the taxpayer is printed from the addressee ledger.
"""
