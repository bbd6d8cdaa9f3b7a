"""What is configured in IAM: collected from AWS or read from exported files, kept with its history."""
