"""One branch, from ready to judged. Every start asks refs and labels how far it got, and goes on from there.

It must not know waves or how a phase is opened.
Begin with `step`.
"""
