"""Two small instances in the replay format, and what writes them."""
