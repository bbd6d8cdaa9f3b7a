"""Objects that lie beside the logs in a real bucket: digests, an Insight, a Config snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from trailwatch.simulate.chance import dice, guid, hexes, text
from trailwatch.simulate.stock import HOME, ORGANIZATION, PROD, SECURITY
from trailwatch.simulate.world import World


def objects(world: World) -> Iterator[tuple[str, object]]:
    """Yield the keys and documents of the neighbours, dated by the last days of the world."""
    last = world.start + timedelta(days=world.days - 1)
    for number in range(2):
        yield _digest(world.seed, last - timedelta(days=number))
    yield _insight(world.seed, last - timedelta(days=4))
    yield _config(world.seed, last)


def _digest(seed: int, day: date) -> tuple[str, object]:
    base = f"AWSLogs/{ORGANIZATION}/{SECURITY}/CloudTrail-Digest/{HOME}/{day:%Y/%m/%d}"
    key = f"{base}/{SECURITY}_CloudTrail-Digest_{HOME}_org-trail_{HOME}_{day:%Y%m%d}T061500Z.json.gz"
    body: dict[str, object] = {
        "awsAccountId": SECURITY,
        "digestStartTime": f"{day}T05:15:00Z",
        "digestEndTime": f"{day}T06:15:00Z",
        "digestS3Bucket": "org-trail-410987654321",
        "digestS3Object": key,
        "digestPublicKeyFingerprint": hexes(dice(seed, "fingerprint"), 32),
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": None,
        "oldestEventTime": None,
        "previousDigestS3Bucket": None,
        "previousDigestS3Object": None,
        "previousDigestHashValue": None,
        "previousDigestHashAlgorithm": None,
        "previousDigestSignature": None,
        "logFiles": [],
    }
    return key, body


def _insight(seed: int, day: date) -> tuple[str, object]:
    chance = dice(seed, "insight")
    key = f"AWSLogs/{ORGANIZATION}/{PROD}/CloudTrail-Insight/{HOME}/{day:%Y/%m/%d}/{PROD}_CloudTrail-Insight_{HOME}_{day:%Y%m%d}T1420Z_{text(chance, 16)}.json.gz"
    details = {
        "state": "Start",
        "eventSource": "ecs.amazonaws.com",
        "eventName": "UpdateService",
        "insightType": "ApiCallRateInsight",
        "insightContext": {
            "statistics": {
                "baseline": {"average": 0.01},
                "insight": {"average": 0.4},
                "insightDuration": 5,
                "baselineDuration": 10080,
            }
        },
    }
    record = {
        "eventVersion": "1.09",
        "eventTime": f"{day}T14:10:00Z",
        "awsRegion": HOME,
        "eventID": guid(chance),
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": PROD,
        "sharedEventID": guid(chance),
        "insightDetails": details,
        "eventCategory": "Insight",
    }
    return key, {"Records": [record]}


def _config(seed: int, day: date) -> tuple[str, object]:
    chance = dice(seed, "config")
    key = f"AWSLogs/{PROD}/Config/{HOME}/{day.year}/{day.month}/{day.day}/ConfigHistory/{PROD}_Config_{HOME}_ConfigHistory_AWS__EC2__Instance_{day:%Y%m%d}T061200Z_1.json.gz"
    return key, {"fileVersion": "1.0", "configSnapshotId": guid(chance), "configurationItems": []}
