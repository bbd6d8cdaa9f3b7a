"""One day's page: coverage, incidents, findings, practices."""
