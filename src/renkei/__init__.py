"""Renkei (連携): an open implementation of a national number system's information linkage."""

__version__ = "0.1.0"
