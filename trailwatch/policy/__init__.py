"""Policies: what IAM would have said, and what to write."""
