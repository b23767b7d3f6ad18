"""What a gateway decides and knows, pure: values and `now` in, values out."""
