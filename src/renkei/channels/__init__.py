"""Channels: where people meet the country. They hold what is theirs alone and fetch, show and forget the rest."""
