"""What the identity provider can tell."""
