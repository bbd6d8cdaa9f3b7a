"""AWS sessions, clients and buckets; boto3 lives here alone.

Credentials come from the standard chain (environment, profile, SSO, container, instance), and from there, where a role
is named, through AssumeRole, refreshed before they expire.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config as ClientConfig
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from obstore.store import S3Store

from trailwatch.config import SourceSection
from trailwatch.errors import SourceError

_REGION = "us-east-1"
_FRESH = timedelta(minutes=5)  # how long the readers of a bucket keep credentials before they ask again
_CONNECT = 10.0  # seconds in which a server has to take a connection
_LASTING = 3  # no request is tried again after so many of its time limits
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


class Frozen(Protocol):
    """One set of credentials at one moment."""

    access_key: str | None
    secret_key: str | None
    token: str | None


class Refused(SourceError):
    """A call that AWS answered with an error, or did not answer."""

    def __init__(self, action: str, code: str, message: str) -> None:
        self.action, self.code = action, code
        hint = f"allow {action} (trailwatch doctor --policy)" if code in _DENIED else ""
        super().__init__(f"{action}: {code}: {message}", where="AWS", hint=hint)

    @property
    def denied(self) -> bool:
        """Tell whether a permission is missing."""
        return self.code in _DENIED


@dataclass(frozen=True)
class Access:
    """How AWS is reached: profile, region, role, another endpoint, and who pays for requests."""

    profile: str = ""
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    requester_pays: bool = False
    timeout: float = 60.0  # seconds that one request may take
    retries: int = 6
    through: Access | None = None  # whose credentials assume the role

    @property
    def limits(self) -> dict[str, Any]:
        """The time limits and retries of a reader or writer of buckets; its waits grow, with jitter."""
        return {
            "timeout": timedelta(seconds=self.timeout),
            "connect_timeout": timedelta(seconds=min(_CONNECT, self.timeout)),
            "retries": self.retries,
            "lasting": timedelta(seconds=_LASTING * self.timeout),
        }

    def __getstate__(self) -> dict[str, Any]:
        # A worker finds its own credentials: those of this process stay here.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def session(self) -> boto3.Session:
        """The boto3 session of the profile, and of the role where one is named."""
        if self.through:
            return self._in_role(self.through.session)
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

    def into(self, role_arn: str) -> Access:
        """Return the access that a role gives to whoever has this one."""
        return replace(self, role_arn=role_arn, through=self)

    def client(self, service: str, *, region: str = "") -> Any:
        """Return a boto3 client with time limits and retries."""
        endpoint = self.endpoint if service == "s3" else self.endpoint_url
        return self.session.client(  # type: ignore[call-overload]  # the name of the service is a variable
            service, region_name=region or self.home, endpoint_url=endpoint or None, config=self._client_config()
        )

    def bucket(self, name: str) -> S3Store:
        """Return a reader of one bucket, in the region where the bucket is."""
        self.credentials()
        region, endpoint = self.address(name)
        # The reader takes no empty endpoint.
        told: Any = {"endpoint": endpoint} if endpoint else {}
        return S3Store(
            name,
            region=region,
            virtual_hosted_style_request=not endpoint,
            request_payer=self.requester_pays,
            credential_provider=cast(Any, self._provide),
            client_options={
                "allow_http": endpoint.startswith("http://"), "timeout": self.limits["timeout"],
                "connect_timeout": self.limits["connect_timeout"],
            },
            retry_config={"max_retries": self.retries, "retry_timeout": self.limits["lasting"]},
            **told,
        )  # fmt: skip

    def storage_options(self, bucket: str = "") -> dict[str, str]:
        """Return the options with which delta-rs reaches a store on S3, with credentials that are valid now."""
        found = self.credentials()
        region, endpoint = self.address(bucket)
        options = {
            "AWS_ACCESS_KEY_ID": found.access_key or "",
            "AWS_SECRET_ACCESS_KEY": found.secret_key or "",
            "AWS_REGION": region,
            "aws_conditional_put": "etag",
            "timeout": f"{self.timeout:g}s",
            "connect_timeout": f"{min(_CONNECT, self.timeout):g}s",
            "max_retries": str(self.retries),
            "retry_timeout": f"{_LASTING * self.timeout:g}s",
        }
        if found.token:
            options["AWS_SESSION_TOKEN"] = found.token
        if endpoint:
            options["AWS_ENDPOINT_URL"] = endpoint
        if endpoint.startswith("http://"):
            options["AWS_ALLOW_HTTP"] = "true"
        return options

    def address(self, bucket: str) -> tuple[str, str]:
        """Return the region of a bucket, and the endpoint where that is not the usual one of the region."""
        if self.endpoint:
            return self.home, self.endpoint
        if bucket not in self._addresses:
            region = self._region_of(bucket) if bucket else self.home
            self._addresses[bucket] = region, self._elsewhere(region)
        return self._addresses[bucket]

    @cached_property
    def _addresses(self) -> dict[str, tuple[str, str]]:
        return {}

    def _client_config(self, **more: Any) -> ClientConfig:
        return ClientConfig(
            connect_timeout=min(_CONNECT, self.timeout), read_timeout=self.timeout,
            retries={"mode": "standard", "max_attempts": self.retries}, **more,
        )  # fmt: skip

    def _elsewhere(self, region: str) -> str:
        """Return the S3 endpoint of a region where it is not the usual one: other partitions, FIPS, dual stack."""
        s3 = {"addressing_style": "path", "us_east_1_regional_endpoint": "regional"}
        config = self._client_config(signature_version="s3v4", s3=s3)
        try:
            client = self.session.client("s3", region_name=region, config=config)
            # boto3 tells the address that its rules choose only as part of a signed one.
            url = urlsplit(client.generate_presigned_url("head_bucket", Params={"Bucket": "any"}))
        except BotoCoreError as error:
            raise SourceError(f"there is no S3 endpoint for {region}: {error}", where="AWS", hint="--aws-region") \
                from error  # fmt: skip
        return "" if url.netloc == f"s3.{region}.amazonaws.com" else f"{url.scheme}://{url.netloc}"

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
            client_creator=partial(
                base._session.create_client,  # noqa: SLF001 — boto3 offers no other way to a client creator
                region_name=self.region or base.region_name or _REGION,
                endpoint_url=self.endpoint_url or None,
                config=self._client_config(),
            ),
            source_credentials=cast(Credentials, base.get_credentials()),
            role_arn=self.role_arn,
            extra_args={"RoleSessionName": "trailwatch"},
        )
        core._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        return boto3.Session(botocore_session=core, region_name=self.region or base.region_name)


class Caller:
    """Calls of AWS's APIs by the names of their permissions; safe for several threads."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def call(self, action: str, *, region: str = "", **parameters: Any) -> dict[str, Any]:
        """Call `iam:GetAccountSummary` and its like, and return the answer; an error is Refused."""
        service, _, name = action.partition(":")
        try:
            return cast(dict[str, Any], getattr(self._client(service, region), xform_name(name))(**parameters))
        except ClientError as error:
            said = error.response.get("Error", {})
            # The credentials of a role are fetched by the first call that needs them.
            asked = "sts:AssumeRole" if error.operation_name == "AssumeRole" else action
            raise Refused(asked, said.get("Code", "Unknown"), said.get("Message", "")) from error
        except (BotoCoreError, ResponseParserError, KeyError) as error:
            # A page of some proxy in place of AWS's answer ends in one of the latter two.
            raise Refused(action, type(error).__name__, " ".join(str(error).split())) from error

    def pages(self, action: str, *, sent: str, told: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Yield all pages of an answer: `told` is the mark for the next page, `sent` the parameter that takes it."""
        mark: dict[str, Any] = {}
        while True:
            page = self.call(action, **parameters, **mark)
            yield page
            if not page.get(told) or page.get("IsTruncated") is False:
                return
            mark = {sent: page[told]}

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._access.client(service, region=region)
            return self._clients[key]


def access(source: SourceSection) -> Access:
    """Return the access that `[source]` of the configuration describes."""
    return Access(
        source.profile, source.region, source.role_arn, source.endpoint_url, source.requester_pays, source.timeout,
        source.retries,
    )  # fmt: skip
