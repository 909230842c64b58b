"""Carries commands out: one handler each."""
