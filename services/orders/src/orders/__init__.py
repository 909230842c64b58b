"""Orders: takes them and carries each through stock, payment, parcels and delivery."""
