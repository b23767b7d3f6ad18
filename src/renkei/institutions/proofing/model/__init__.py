"""What proofing decides: values in, values out."""
