"""Renkei (連携): an open implementation of a national number system's information linkage."""
