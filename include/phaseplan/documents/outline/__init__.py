"""Read plans as the tools wrote them: recognise the format, read it by its own grammar into one outline, write plans.

Begin with `reading`. Decision 050 says why.
"""
