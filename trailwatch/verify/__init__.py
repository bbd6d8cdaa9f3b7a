"""Digest files → verdicts: which objects of a trail are as CloudTrail wrote them, and which are not."""

ACTION = "cloudtrail:ListPublicKeys"  # the one call beside those of S3
