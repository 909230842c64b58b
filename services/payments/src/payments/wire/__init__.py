"""Translates between protobuf and our own words; nobody else does."""
