"""One file per seam: the messages and Protocols by which institutions and channels meet."""
