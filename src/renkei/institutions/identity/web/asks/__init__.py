"""Parts of the pages on which a person decides."""
