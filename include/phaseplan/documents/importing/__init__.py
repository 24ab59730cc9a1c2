"""A Markdown plan as a plan file: blocks, then facts with lines, then branches, then one choice for every value."""
