"""What is decided about sellers, products, stock and livestream sessions; no I/O, no clock."""
