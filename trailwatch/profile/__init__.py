"""From events to sessions, activity and what each identity normally does."""
