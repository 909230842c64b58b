"""Remembers: tables and reads."""
