"""How `simulate` looks in a terminal."""
