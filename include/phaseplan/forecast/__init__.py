"""What a plan would come to: best times, simulation, proposals for a better plan, drawings.

It must not know anything but plans; nothing here looks at a repository or a run.
Begin with `analysis`.
"""
