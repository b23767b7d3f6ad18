"""The virtual personal-number card: a state machine over APDUs, without a clock, a socket or a file of its own."""
