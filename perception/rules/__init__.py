"""Rules over metres and observed seconds: what a person should see. Each has a version and parameters per zone."""
