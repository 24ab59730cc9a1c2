"""Show phases, branches and runs in a terminal: lines and tables that several verbs print."""
