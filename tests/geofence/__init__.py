"""Tests of zones, routes and guards."""
