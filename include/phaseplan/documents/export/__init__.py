"""Write a plan as the Markdown document that people share; `import` reads it back as the same plan."""
