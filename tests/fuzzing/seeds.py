"""Sound documents of every kind, from which fuzzed ones are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import exports
import yaml

from trailwatch.policy.operators import OPERATORS as KNOWN
from trailwatch.policy.operators import QUALIFIERS

ROOT = Path(__file__).parents[2]
KEYS = (
    "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/07/28/111122223333_CloudTrail_eu-central-1_20260728T1005Z_Ab12Cd34Ef56Gh78.json.gz",
    "p/AWSLogs/o-exampleorg1/111122223333/CloudTrail-Digest/us-east-1/2026/07/28/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20260728T100500Z.json.gz",
    "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/7/8/x.log.gz",
)
KEY_PARTS = ("AWSLogs", "111122223333", "o-exampleorg1", "CloudTrail", "CloudTrail-Digest", "CloudTrail-Insight",
             "eu-central-1", "2026", "07", "28", "0", "\u0660\u0667", "00", "..", "", "20260728T1005Z", "Ab12Cd34Ef56Gh78.json.gz", "a-" * 400)  # fmt: skip
EVERYTHING = """
networks = { office = ["203.0.113.0/24", "2001:db8::/32", "vpce-0a1b2c3d"] }
automation = { principals = ["*/role/ci-*"], actions = ["s3:Get*"], networks = ["office"], clients = ["Boto3*"] }
model = { budget = 3.0, max_per_day = 5, seed = 1, window_days = 30 }
practices = { unused_days = 45, minimum_length = 12 }
snapshot = { live = true, accounts = ["111122223333"], max_age_days = 3 }
suppress = [ { detection = "root-key-used", principal = "111122223333/root", account = "111122223333", reason = "r", owner = "o", until = 2027-01-01 } ]
store = { path = "./store" }
source = { path = "s3://bucket/AWSLogs", region = "eu-central-1", requester_pays = true }
rules = { folders = ["./rules"], off = ["root-key-used"], severity = { "region-enabled" = { severity = "low", reason = "r" } } }
[people."alice@example.com"]
time_zone = "Europe/Berlin"
shifts = ["mon-fri 09:00-18:00", "sat 22:00-06:00"]
holidays = [2026-12-25]
on_call = [ { from = 2026-07-25, to = 2026-07-26T08:00:00Z } ]
networks = ["office"]
until = 2027-03-31
aliases = ["alice"]
[groups.night]
members = ["*@example.com"]
time_zone = "UTC"
shifts = ["sun 22:00-06:00"]
[sinks.team]
kind = "webhook"
url_env = "TRAILWATCH_WEBHOOK_URL"
severity = "medium"
[sinks.mail]
kind = "smtp"
host = "mail.example.com"
sender = "a@example.com"
to = ["b@example.com"]
"""
CONFIGS = (EVERYTHING, (ROOT / "sample_logs" / "trailwatch.toml").read_text(encoding="utf-8"))
EXPORTS: tuple[Any, ...] = (
    exports.DETAILS, exports.USES, {"trailList": [exports.TRAIL]}, {"PasswordPolicy": exports.POLICY},
    {"SummaryMap": exports.SUMMARY}, json.loads(exports.answered(exports.REPORT)), [exports.TRAIL, exports.SELECTORS, exports.STATUS],
    [dict(zip(exports.HEADER.split(","), exports.ALICE_ROW.split(","), strict=True))],
)  # fmt: skip
_CATALOGUE = ROOT / "trailwatch" / "detections"
RULES = tuple(path.read_text(encoding="utf-8") for path in sorted(_CATALOGUE.rglob("*.toml"))[::9])
CLAUSES = (
    "event_name = 'x'", "error_code is distinct from 'a' and list_contains(foreign_accounts(request), 'b')",
    "field(request, '$.a.b') = 'c'", "exists (select 1 from seen as s where s.value = action)", "outcome = 'ok' or true",
    "exists (select 1 from read_text('/etc/passwd'))", "length(repeat('x', 2000000000)) > 1", "1 = (select max(range) from range(100000000000))",
    "(select count(*) from (with recursive t as (select 1 as i union all select i + 1 from t) select * from t)) > 0",
    "list_sum(range(1000000000)) > 0", "getvariable('x') = 'y'", "current_setting('threads') = 1", "columns(*) = 'x'",
    "select event_id from scope", "with a as (select 'x' as s), b as (select s || s as s from a) select event_id from scope, b",
    "select event_id from scope /*", "1 = 1) from scope; drop table scope; --", "case when 1/0 then true end", "error('x') is null",
    "event_name similar to '(a+)+$'", "'a' ~ '((a{1,30}){1,30}){1,30}'", "[x for x in range(10)] = []", "try_cast(request as integer) = 1",
    "(" * 2000 + "true" + ")" * 2000, "not " * 3000 + "true", "'" + "x" * 100_000 + "' = ''", " or ".join(["true"] * 3000),
    "select account, principal, user_name as target from iam_users", "sleep_ms(1000) is null", "event_name = $1", "?", "",
)  # fmt: skip


def rule(clause: str, key: str = "where") -> str:
    """Return a detection with a clause."""
    return (
        f'title = "t"\nseverity = "low"\npractices = ["monitoring"]\nwhy = "w"\nmisses = "m"\n{key} = {json.dumps(clause)}\n'
        '[fires."a"]\neventName = "x"\n[silent."b"]\neventName = "y"\n'
    )


SIGMA_TEXTS = tuple(
    f"title: t\nid: 5d8d8f0c-1111-4222-8333-000000000001\nlogsource:\n  product: aws\n  service: cloudtrail\nlevel: high\n"
    f"tags:\n  - attack.t1562.008\ndetection:\n  a:\n    {one}\n  b:\n    eventName|startswith: X\n  condition: {condition}\n"
    for one in ("eventName: [Stop*, '?etUser']", "userAgent|re|i: '^foo.*bar$'", "sourceIPAddress|cidr: 10.0.0.0/9",
                "requestParameters.a.n|gte: 7", "errorCode: null", "userAgent|base64offset|contains: x", "eventName|exists: true")
    for condition in ("a", "a and not b", "1 of them", "all of a*")
)  # fmt: skip
SIGMA: tuple[Any, ...] = tuple(yaml.safe_load(text) for text in SIGMA_TEXTS)
CONTEXT_KEYS = ("aws:SourceIp", "aws:username", "aws:PrincipalArn", "aws:CurrentTime", "aws:SecureTransport", "aws:PrincipalTag/x",
                "s3:prefix", "aws:MultiFactorAuthAge", "aws:TokenIssueTime", "")  # fmt: skip
OPERATORS = tuple(
    f"{before}{name}{after}"
    for name in KNOWN
    for before in ("", *(f"{one}:" for one in QUALIFIERS))
    for after in ("", "IfExists")
)


def condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    """Return a policy with one condition."""
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/*", "Condition": {operator: {key: value}}}]}  # fmt: skip


POLICIES: tuple[Any, ...] = (
    exports.ALLOW_ALL, exports.TRUST, condition("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"]),
    condition("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"), condition("NumericLessThan", "aws:MultiFactorAuthAge", 3600),
    {"Statement": {"Sid": "a", "Effect": "Deny", "NotAction": ["iam:*", "sts:Get?aller*"], "NotResource": "arn:aws:iam::*:role/${aws:PrincipalTag/x, 'none'}"}},
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["111122223333", "*"], "Service": "ec2.amazonaws.com"}, "Action": "s3:*"}]},
)  # fmt: skip
