"""Let a model read a document, and prove every value of its answer by a line of the document.

Begin with `asking`. Decision 052 says why.
"""
