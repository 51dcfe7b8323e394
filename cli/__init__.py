"""The roundsman command."""
