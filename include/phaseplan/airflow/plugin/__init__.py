"""Everything that Airflow loads as a plugin: pools, notes, links and pages.

Must not know the command line. Begin with `plugin`, which registers the rest.
"""
