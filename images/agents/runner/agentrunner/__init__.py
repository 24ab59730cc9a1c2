"""Run a coding agent's command line on the task in /phaseplan and say what it does, in lines that a person reads."""
