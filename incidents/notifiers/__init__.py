"""Lines to people outside the organisation."""
