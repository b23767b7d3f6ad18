"""Writes of the welfare office. Each works on the caller's transaction; values and `now` in."""
