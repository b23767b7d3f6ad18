"""Writes of the pension office. Each works on the caller's transaction; values and `now` in."""
