"""Signed endpoints of a gateway tenant, and its clerk's console."""
