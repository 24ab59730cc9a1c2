"""Show the results of `simulate` in a terminal."""
