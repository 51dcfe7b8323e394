"""Decoders: a model's raw outputs become boxes; one file for each family of models."""
