"""Carries out: one command, one handler."""
