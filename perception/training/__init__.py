"""Training of the small centre-point detector (PyTorch, the extra `train`)."""
