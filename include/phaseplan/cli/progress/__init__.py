"""Show a run while it runs: views of it, and two ways to show them."""
