"""What orders decides, without clock, network or SQL."""
