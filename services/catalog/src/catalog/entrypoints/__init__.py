"""Where catalog listens: gRPC and the clock."""
