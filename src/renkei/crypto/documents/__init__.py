"""Signed documents: PAdES, XAdES and JWS by one signing key, verified to one verdict.

Needs the extra `renkei[documents]`; nothing else in this band does.
"""
