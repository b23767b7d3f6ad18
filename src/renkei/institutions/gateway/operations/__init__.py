"""Writes of a gateway tenant; each function runs inside a transaction of the tenant's own database."""
