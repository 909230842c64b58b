"""The people of the play, each a process of its own."""
