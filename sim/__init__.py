"""Peers for tests and testers: a world with vehicles, cameras, people and faults."""
