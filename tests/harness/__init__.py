"""What tests of several rooms share: needed programs and the servers that are started for a run."""
