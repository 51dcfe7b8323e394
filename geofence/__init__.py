"""Positions and frames, zones, route proof, live guard, ways around, zone files. Pure."""
