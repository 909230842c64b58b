"""Benches: each prints a table and writes .run/bench/<name>.json."""
