"""Rules over metres and observed seconds: what a person should see. Each has a name, a version and parameters per zone."""
