"""Evaluation: what was seen against what was there; boxes, identities, places, and what the rules reported."""
