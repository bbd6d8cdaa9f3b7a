"""The text that names a source → the source."""

from __future__ import annotations

from trailwatch.aws import Access
from trailwatch.errors import SourceError
from trailwatch.ingest.bucket import Bucket
from trailwatch.ingest.folder import Folder
from trailwatch.ingest.items import Source


def open_source(where: str, *, access: Access | None = None, threads: int = 8) -> Source:
    """Return the source behind a folder, a file, or s3://bucket/prefix."""
    if "://" not in where:
        return Folder(where)
    scheme, _, rest = where.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise SourceError(f"{where!r} is not a source", hint="a folder, a file, or s3://bucket/prefix")
    return Bucket(bucket, prefix, (access or Access()).bucket(bucket), threads=threads)
