"""The Docker engine: containers, their labels, what goes in, what comes out, logs without secrets.

It must not know what is judged or merged.
Begin with `engine`.
"""
