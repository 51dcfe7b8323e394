"""Both ends of the gRPC stream between controller and agent."""
