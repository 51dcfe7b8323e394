"""The controller: REST, live topics, gRPC service, sign-in, migrations, wiring."""
