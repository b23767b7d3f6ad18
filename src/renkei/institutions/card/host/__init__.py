"""The reader's side of the card: what a program in front of it says to the chip, over any transport of APDUs."""
