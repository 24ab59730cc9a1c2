"""Find what an installation no longer needs, in its targets, on its engine and on this disk, for `gc`."""
