"""The country's front page: who is here, what has happened, where to click. Holds nothing."""
