"""A service small enough to be read in a minute, on which the chassis is tried out."""
