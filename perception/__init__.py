"""Frames to detections, tracks, places, rules and sightings, with evidence and privacy."""
