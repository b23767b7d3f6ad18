"""What the identity provider refuses, and what is wrong with what it is sent."""
