"""trailwatch reads CloudTrail, learns what each identity normally does, and reports what was not normal."""
