"""Stand between one attempt's agent and what it may reach: its model's provider, and the hosts its profile names."""
