"""Patrol definitions, schedules, planning, dispatch, pre-emption and the proof of coverage."""
