"""awscli's own verdicts on a chain, by its program, and trailwatch's, in the same words."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from datetime import datetime

from verify.chains import Chain, stamp

from trailwatch.engine import Engine
from trailwatch.store.tables import Store

_LINE = re.compile(r"^(?:\(backfill\) )?(?P<kind>Digest|Log) file\ts3://(?P<where>\S+)\t(?P<said>.*)$", re.MULTILINE)
_GAP = re.compile(r"No log files were delivered by CloudTrail between (\S+) and (\S+)")
_CLASSES = {
    "public key not found": "key",
    "the digest after it": "hash of the next digest", "not found": "missing", "moved": "moved", "signature": "signature", "invalid format": "format",
    "hash value": "hash", "unexpected data": "more",
}  # fmt: skip

Verdicts = dict[tuple[str, str], str]


def told(program: str, chain: Chain, *, start: datetime, end: datetime, environment: Mapping[str, str]) -> Verdicts:
    """Run `aws cloudtrail validate-logs` and return what it says of each object."""
    command = [
        program, "cloudtrail", "validate-logs", "--trail-arn", chain.arn(), "--start-time", stamp(start), "--end-time",
        stamp(end), "--verbose", "--region", chain.region,
    ]  # fmt: skip
    if chain.organization:
        command += ["--account-id", chain.account]
    else:
        command += ["--s3-bucket", chain.bucket, *(["--s3-prefix", chain.prefix] if chain.prefix else [])]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    done = subprocess.run(
        command, env=clean | dict(environment), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode in (0, 1), done.stderr
    found = {
        (match["kind"], match["where"]): _named(match["said"]) for match in _LINE.finditer(done.stdout + done.stderr)
    }
    assert found, done.stdout + done.stderr
    return found | {("Gap", f"{first} {last}"): "gap" for first, last in _GAP.findall(done.stderr)}


def kept(store: Store) -> Verdicts:
    """Return what the table `verdicts` says of each object, in awscli's classes."""
    with Engine() as engine:
        store.show(engine, "verdicts")
        rows = engine.rows(
            "select kind, bucket, key, verdict, reason, first_time, last_time from verdicts "
            "qualify row_number() over (partition by kind, bucket, key order by verified_at desc) = 1"
        )
    found = {}
    for kind, bucket, key, verdict, reason, first, last in rows:
        if kind == "gap":
            found["Gap", f"{stamp(first)} {stamp(last)}"] = "gap"
        else:
            said = _named(reason) if verdict == "invalid" else verdict
            found["Log" if kind == "log" else "Digest", f"{bucket}/{key}"] = said
    return found


def _named(said: str) -> str:
    return said if said == "valid" else next((name for words, name in _CLASSES.items() if words in said), "other")
