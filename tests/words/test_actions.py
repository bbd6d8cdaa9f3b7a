"""Access levels of the actions behind events."""

from __future__ import annotations

import pytest

from trailwatch.actions import action_of, level, sensitivity


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("iam.amazonaws.com", "AttachUserPolicy", "Permissions management"),
        ("s3.amazonaws.com", "ListBuckets", "List"),
        ("s3.amazonaws.com", "GetObject", "Read"),
        ("lambda.amazonaws.com", "GetFunction20150331v2", "Read"),
        ("monitoring.amazonaws.com", "PutMetricAlarm", "Write"),
        ("unheard-of.amazonaws.com", "DescribeThings", "Read"),
        ("unheard-of.amazonaws.com", "Frobnicate", ""),
    ],
)
def test_levels(source: str, name: str, expected: str) -> None:
    assert level(source, name) == expected


def test_permissions_weigh_more_than_lists() -> None:
    assert sensitivity("iam.amazonaws.com", "AttachUserPolicy") > sensitivity("ec2.amazonaws.com", "RunInstances")
    assert sensitivity("ec2.amazonaws.com", "RunInstances") > sensitivity("s3.amazonaws.com", "ListBuckets")


def test_api_dates_are_no_part_of_a_name() -> None:
    assert action_of("cloudfront.amazonaws.com", "CreateDistribution2020_05_31") == ("cloudfront", "CreateDistribution")
