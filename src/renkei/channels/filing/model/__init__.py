"""What the filing service decides: figures of the law, the tax, the steps of a return, and what is signed."""
