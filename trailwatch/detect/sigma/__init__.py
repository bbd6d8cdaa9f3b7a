"""Sigma's single-event rules for CloudTrail, read with pySigma and told in trailwatch's own form."""
