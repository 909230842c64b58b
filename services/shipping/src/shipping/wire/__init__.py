"""Translates between the contracts and shipping's own words; nobody else does."""
