"""What the identity provider does."""
