"""Wire formats that the simulator speaks."""
