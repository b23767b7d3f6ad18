"""Values of the welfare office: the allowance by month, claims and their questions, registers, events."""
