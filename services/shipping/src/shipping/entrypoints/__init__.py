"""Listens: gRPC and the clock."""
