"""What there is to tell about a turn, gathered from its events or from a thread."""
