"""How AWS is reached: roles, endpoints, and what a store on S3 is told."""

from __future__ import annotations

import pytest
from moto import mock_aws

from trailwatch.aws import Access, access
from trailwatch.config import SourceSection

ROLE = "arn:aws:iam::123456789012:role/audit"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return monkeypatch


def test_a_role_is_assumed_with_the_credentials_of_the_chain(environment: pytest.MonkeyPatch) -> None:
    with mock_aws():
        found = Access(role_arn=ROLE)
        assert (found.credentials().access_key or "").startswith("ASIA")
        assert found.credentials().token
        assert (
            found.client("sts").get_caller_identity()["Arn"]
            == "arn:aws:sts::123456789012:assumed-role/audit/trailwatch"
        )


def test_the_region_of_a_bucket_is_asked_for(environment: pytest.MonkeyPatch) -> None:
    with mock_aws():
        client = Access().client("s3", region="ap-southeast-2")
        client.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"})
        assert Access().bucket("far").config["region"] == "ap-southeast-2"


def test_a_store_gets_the_options_of_delta(environment: pytest.MonkeyPatch) -> None:
    plain = access(SourceSection()).storage_options()
    assert (plain["AWS_REGION"], plain["aws_conditional_put"]) == ("eu-west-1", "etag")
    assert "AWS_ENDPOINT_URL" not in plain
    environment.setenv("AWS_SESSION_TOKEN", "t")
    near = access(SourceSection(endpoint_url="http://127.0.0.1:8333", region="us-east-1")).storage_options()
    assert (near["AWS_ENDPOINT_URL"], near["AWS_ALLOW_HTTP"], near["AWS_REGION"]) == (
        "http://127.0.0.1:8333", "true", "us-east-1",
    )  # fmt: skip
    assert near.get("AWS_SESSION_TOKEN", "") == "t"


def test_the_configuration_says_it_all() -> None:
    section = SourceSection(profile="p", region="r", role_arn=ROLE, endpoint_url="e", requester_pays=True)
    assert access(section) == Access("p", "r", ROLE, "e", requester_pays=True)
