"""Decides about money; pure, no I/O, no clock."""
