"""Carries out catalog commands: one command, one short handler."""
