"""`phaseplan run`, step by step: request, session, drive, leftovers, result."""
