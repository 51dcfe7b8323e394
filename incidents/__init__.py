"""Sightings and alarms become incidents and help alarms that end by a person's or a verified look's word."""
