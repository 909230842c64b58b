"""Where orders listens."""
