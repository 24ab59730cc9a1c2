"""Import a Markdown plan as a plan file: blocks, facts with lines, branches, then one choice for each value."""
