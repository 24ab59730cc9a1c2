"""What a run looks like while it runs: views of it, and two ways to show them."""
