"""The doctor asks AWS: whose credentials these are, whether the clocks agree, and what the trails log now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aws_api

import trailwatch as tw
from trailwatch import doctor
from trailwatch.config import Snapshot


def _look(trail: tw.Trail, **options: object) -> dict[str, doctor.Check]:
    config = tw.Config(snapshot=Snapshot(live=True))
    now = datetime.now(UTC)
    found = doctor.check(config, store=trail.store, now=now + timedelta(**options))  # type: ignore[arg-type]
    return {one.name: one for one in found}


def test_credentials_clock_and_trails(front, trail) -> None:
    front.answer("cloudtrail:ListTrails", aws_api.plain({"Trails": [
        {"Name": name, "HomeRegion": region, "TrailARN": f"arn:aws:cloudtrail:{region}:{aws_api.OWN}:trail/{name}"}
        for name, region in (("everywhere", "us-east-1"), ("ireland", "eu-west-1"))
    ]}))  # fmt: skip
    found = _look(trail)
    assert found["credentials"].good
    assert found["credentials"].says.startswith("arn:aws:")
    assert found["clock"].good
    assert "everywhere" in found[f"trails {aws_api.OWN}"].says
    # The second trail was never started, and writes no digest files.
    said = f"{found[f'trails {aws_api.OWN} ireland'].says} {found[f'trails {aws_api.OWN} ireland'].remedy}"
    assert "digest" in said or "start-logging" in said
    assert {call.split(":")[0] for call in front.calls} == {"sts", "cloudtrail"}


def test_a_clock_that_is_off_is_named(front, trail) -> None:
    found = _look(trail, minutes=40)
    assert found["clock"].good is False
    assert "timedatectl" in found["clock"].text()


def test_what_is_denied_is_told_and_the_rest_is_looked_at(front, trail) -> None:
    front.answer("sts:GetCallerIdentity", aws_api.error(403, "ExpiredToken", "The security token included has expired"))
    found = _look(trail)
    assert found["credentials"].good is False
    assert "ExpiredToken" in found["credentials"].text()
    assert "modes" in found
    assert "snapshots" in found
