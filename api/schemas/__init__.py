"""What goes over HTTP: pydantic models, a module per domain; nothing below `api/` sees them."""
