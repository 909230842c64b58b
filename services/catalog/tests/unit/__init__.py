"""Unit tests of catalog."""
