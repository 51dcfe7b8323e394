"""The edge process: driver, guard, perception and outbox beside the vehicle."""
