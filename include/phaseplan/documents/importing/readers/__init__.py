"""Read blocks of a document into facts: one module for each kind of block or statement."""
