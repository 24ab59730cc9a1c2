"""Find what verbs work on: plan files, the plan of an opened phase, repositories, the last run."""
