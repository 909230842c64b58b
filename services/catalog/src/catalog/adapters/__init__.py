"""Where catalog remembers: its tables and what is read from them."""
