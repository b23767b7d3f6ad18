"""What the card's authority knows and decides: profiles, validity, standing, events. No clock, store or key here."""
