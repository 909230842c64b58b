"""What orders carries out: commands and one table of handlers."""
