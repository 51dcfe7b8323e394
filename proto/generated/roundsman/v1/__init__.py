"""Version 1 of the wire formats; made from proto/roundsman/v1 by `make generate`."""
