"""The ground floor: ids, clock, errors, events, tasks, database, settings, logs."""
