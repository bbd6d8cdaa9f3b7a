"""The anomaly model: scores on identity-days, an alert budget, and explanations in numbers."""
