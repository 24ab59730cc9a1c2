"""What a plan is worth before an agent has worked an hour: schedules, bounds, chances and pictures. Pure arithmetic."""
