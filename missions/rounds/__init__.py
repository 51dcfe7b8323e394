"""Endless rounds: who goes round where, so that no place stays unseen for longer than it must."""
