"""What the identity provider decides on: values in, values out."""
