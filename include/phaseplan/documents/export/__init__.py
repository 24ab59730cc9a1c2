"""A plan as the Markdown document people hand around; `import` reads it back as the same plan."""
