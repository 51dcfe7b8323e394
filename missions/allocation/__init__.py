"""Who does what, in which order: jobs shared out over vehicles, docks and sorties. Knows seconds, not places."""
