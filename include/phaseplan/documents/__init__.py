"""Markdown documents to plans and back, the plan to start from, and the explanation of every code.

It must not know anything but plans and forecasts.
Begin with `importing.document`.
"""
