"""Read one format each into an outline: its grammar, and nothing about the others."""
