"""AWS sessions, clients and buckets; boto3 lives here alone.

Credentials come from the standard chain (environment, profile, SSO, container, instance), and from there, where a role
is named, through AssumeRole, refreshed before they expire.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol, cast

import boto3
import botocore.session
from botocore.config import Config as ClientConfig
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from obstore.store import S3Store

from trailwatch.config import SourceSection
from trailwatch.errors import SourceError

_REGION = "us-east-1"
_FRESH = timedelta(minutes=5)  # how long the readers of a bucket keep credentials before they ask again
_CLIENT = ClientConfig(connect_timeout=10, read_timeout=60, retries={"mode": "standard", "max_attempts": 6})


class Frozen(Protocol):
    """One set of credentials at one moment."""

    access_key: str | None
    secret_key: str | None
    token: str | None


@dataclass(frozen=True)
class Access:
    """How AWS is reached: profile, region, role, another endpoint, and who pays for requests."""

    profile: str = ""
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    requester_pays: bool = False

    @cached_property
    def session(self) -> boto3.Session:
        """The boto3 session of the profile, and of the role where one is named."""
        try:
            base = boto3.Session(profile_name=self.profile or None, region_name=self.region or None)
        except BotoCoreError as error:
            raise SourceError(str(error), where="AWS", hint="aws configure list-profiles") from error
        return self._in_role(base) if self.role_arn else base

    @property
    def home(self) -> str:
        """The region that is asked where nothing else names one."""
        return self.region or self.session.region_name or _REGION

    @property
    def endpoint(self) -> str:
        """The S3 endpoint in place of AWS's own, '' for AWS."""
        return self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""

    def credentials(self) -> Frozen:
        """Return credentials that are valid now."""
        try:
            found = self.session.get_credentials()
            if found is not None:
                return cast(Frozen, found.get_frozen_credentials())
        except (BotoCoreError, ClientError) as error:
            raise SourceError(f"no credentials: {error}", where="AWS", hint="aws sts get-caller-identity") from error
        hint = "--profile NAME, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or aws sso login"
        raise SourceError("there are no credentials", where="AWS", hint=hint)

    def client(self, service: str, *, region: str = "") -> Any:
        """Return a boto3 client with time limits and retries."""
        endpoint = self.endpoint if service == "s3" else self.endpoint_url
        return self.session.client(  # type: ignore[call-overload]  # the name of the service is a variable
            service, region_name=region or self.home, endpoint_url=endpoint or None, config=_CLIENT
        )

    def bucket(self, name: str) -> S3Store:
        """Return a reader of one bucket, in the region where the bucket is."""
        self.credentials()
        endpoint = self.endpoint
        # The reader takes no empty endpoint.
        elsewhere: Any = {"endpoint": endpoint} if endpoint else {}
        return S3Store(
            name,
            region=self.home if endpoint else self._region_of(name),
            virtual_hosted_style_request=not endpoint,
            request_payer=self.requester_pays,
            credential_provider=cast(Any, self._provide),
            client_options={
                "allow_http": endpoint.startswith("http://"), "timeout": "60s", "connect_timeout": "10s",
            },
            # The waits grow with jitter.
            retry_config={"max_retries": 6, "retry_timeout": timedelta(minutes=3)},
            **elsewhere,
        )  # fmt: skip

    def storage_options(self) -> dict[str, str]:
        """Return the options with which delta-rs reaches a store on S3."""
        found = self.credentials()
        options = {
            "AWS_ACCESS_KEY_ID": found.access_key or "",
            "AWS_SECRET_ACCESS_KEY": found.secret_key or "",
            "AWS_REGION": self.home,
            "aws_conditional_put": "etag",
        }
        if found.token:
            options["AWS_SESSION_TOKEN"] = found.token
        if self.endpoint:
            options["AWS_ENDPOINT_URL"] = self.endpoint
        if self.endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        return options

    def _provide(self) -> dict[str, Any]:
        found = self.credentials()
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": datetime.now(UTC) + _FRESH,
        }

    def _region_of(self, bucket: str) -> str:
        # The answer names the region also where it is a refusal or a redirect.
        try:
            headers: Mapping[str, str] = self.client("s3").head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            headers = cast(Mapping[str, str], error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchBucket"):
                raise SourceError("there is no such bucket", where=f"s3://{bucket}", hint="aws s3 ls") from error
        except BotoCoreError as error:
            raise SourceError(str(error), where=f"s3://{bucket}", hint="--region, --endpoint-url") from error
        return headers.get("x-amz-bucket-region") or self.home

    def _in_role(self, base: boto3.Session) -> boto3.Session:
        core = botocore.session.get_session()
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=base._session.create_client,  # noqa: SLF001 — boto3 offers no other way to a client creator
            source_credentials=cast(Credentials, base.get_credentials()),
            role_arn=self.role_arn,
            extra_args={"RoleSessionName": "trailwatch"},
        )
        core._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return boto3.Session(botocore_session=core, region_name=self.region or base.region_name)


def access(source: SourceSection) -> Access:
    """Return the access that `[source]` of the configuration describes."""
    return Access(source.profile, source.region, source.role_arn, source.endpoint_url, source.requester_pays)


def storage_options(source: SourceSection) -> dict[str, str]:
    """Return the options with which delta-rs reaches a store on S3."""
    return access(source).storage_options()
