"""REST, a module per domain; each has a `router` that `api.app` includes under /api/v1."""
