"""What orders remembers."""
