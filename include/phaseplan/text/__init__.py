"""Other people's text, made safe to show: control characters, length, gutter.

Knows nothing of plans, git or containers. Begin with `shown`.
"""
