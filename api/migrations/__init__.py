"""The database's shape, step by step; a controller takes the missing steps when it starts."""
