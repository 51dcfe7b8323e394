"""Tests, one folder per room; `programs.py` finds the programs that some of them need."""
