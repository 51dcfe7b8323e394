"""Vehicle drivers: one home for each vendor library."""
