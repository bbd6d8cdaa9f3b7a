"""A store, and AWS's APIs behind it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import aws_api
import pytest

import trailwatch as tw
from trailwatch.snapshot import accounts
from trailwatch.snapshot.live import Patience

QUICK = Patience(step=0.01, report=60.0, job=60.0, jobs=60.0)
IMPATIENT = Patience(step=0.01, report=0.2, job=0.2, jobs=0.2)


@pytest.fixture
def trail(tmp_path: Path) -> tw.Trail:
    """An empty store."""
    return tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration and no variable of whoever runs the tests is read."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TRAILWATCH_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aws_api.Front]:
    """A running server of moto with a front for what it lacks."""
    with aws_api.running(tmp_path_factory.mktemp("moto")) as front:
        yield front


@pytest.fixture
def front(moto: aws_api.Front, monkeypatch: pytest.MonkeyPatch) -> aws_api.Front:
    """AWS with one account: a user with a key and an inline policy, a group, two roles, two trails."""
    moto.post("/moto-api/reset")
    moto.answers.clear()
    iam = moto.client("iam")
    iam.create_user(UserName="alice")
    iam.create_access_key(UserName="alice")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="alice")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="alice", PolicyName="all", PolicyDocument=json.dumps(document))
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"Service": "ec2.amazonaws.com"}}]}  # fmt: skip
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    moto.client("s3").create_bucket(Bucket="logs-of-trails")
    cloudtrail = moto.client("cloudtrail")
    cloudtrail.create_trail(Name="everywhere", S3BucketName="logs-of-trails", IsMultiRegionTrail=True)
    cloudtrail.start_logging(Name="everywhere")
    cloudtrail.put_event_selectors(TrailName="everywhere", AdvancedEventSelectors=[
        {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
    ])  # fmt: skip
    ireland = moto.client("cloudtrail", "eu-west-1")
    ireland.create_trail(Name="ireland", S3BucketName="logs-of-trails")
    ireland.put_event_selectors(TrailName="ireland", EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    moto.calls.clear()
    for name, value in {
        "AWS_ACCESS_KEY_ID": aws_api.ROOT_KEY, "AWS_SECRET_ACCESS_KEY": aws_api.ROOT_SECRET,
        "AWS_REGION": aws_api.REGION, "AWS_DEFAULT_REGION": aws_api.REGION, "AWS_ENDPOINT_URL": moto.endpoint,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(accounts, "Patience", lambda: QUICK)
    uses(moto)
    return moto


@pytest.fixture
def impatient(front: aws_api.Front, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for long."""
    monkeypatch.setattr(accounts, "Patience", lambda: IMPATIENT)


def uses(front: aws_api.Front) -> None:
    """Answer last accessed services as AWS does: a job that is done at the second look."""
    front.answer("iam:GenerateServiceLastAccessedDetails",
                 aws_api.query("GenerateServiceLastAccessedDetails", "<JobId>2eb6c2b8-7b4c-3xmp-3c13-03b72c8cdfdc</JobId>"))  # fmt: skip
    progress = "<JobStatus>IN_PROGRESS</JobStatus><JobCreationDate>2026-07-24T21:33:00.000Z</JobCreationDate>"
    done = (
        "<JobStatus>COMPLETED</JobStatus><JobCreationDate>2026-07-24T21:33:00.000Z</JobCreationDate><IsTruncated>false"
        "</IsTruncated><ServicesLastAccessed><member><ServiceNamespace>iam</ServiceNamespace><ServiceName>IAM"
        "</ServiceName><LastAuthenticated>2026-07-21T15:43:00.000Z</LastAuthenticated><LastAuthenticatedEntity>"
        "arn:aws:iam::123456789012:user/alice</LastAuthenticatedEntity><LastAuthenticatedRegion>us-east-1"
        "</LastAuthenticatedRegion><TotalAuthenticatedEntities>1</TotalAuthenticatedEntities></member><member>"
        "<ServiceNamespace>s3</ServiceNamespace><ServiceName>S3</ServiceName><TotalAuthenticatedEntities>0"
        "</TotalAuthenticatedEntities></member></ServicesLastAccessed><JobCompletionDate>2026-07-24T21:33:01.000Z"
        "</JobCompletionDate>"
    )
    front.answer("iam:GetServiceLastAccessedDetails", aws_api.query("GetServiceLastAccessedDetails", progress),
                 aws_api.query("GetServiceLastAccessedDetails", done))  # fmt: skip
