"""Translates between the contracts and catalog's own words; nobody else does."""
