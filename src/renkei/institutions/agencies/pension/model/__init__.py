"""Values of the pension office: amounts, claims and their states, questions, what a decision rests on, events."""
