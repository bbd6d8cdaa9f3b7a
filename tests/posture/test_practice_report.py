"""The practice report over a week of exports: kept with each digest, and compared with that of a week before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from iam import ACCOUNT, DAY, OTHER, row

from trailwatch.api import Trail
from trailwatch.config import Config
from trailwatch.errors import StoreError

LATER = DAY + timedelta(7)


def mfa(trail: Trail, day=None, account: str = ""):
    return next(one for one in trail.practices(day, account=account).practices if one.code == "mfa")


def test_a_week_later_counts_stand_beside_those_of_then(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False), row("eve", mfa_active=False), row()])
    shelf.put("credential-report", [row()], account=OTHER)
    shelf.digest()
    shelf.put("credential-report", [row("bob"), row("eve", mfa_active=False), row()], day=LATER)
    shelf.digest(LATER)
    trail = Trail(shelf.store, Config())
    first, now = mfa(trail, DAY), mfa(trail)
    assert (first.posture.state, first.count, first.before) == ("broken", 2, None)
    assert (now.posture.state, now.count, now.before, now.since) == ("broken", 1, 2, DAY)
    assert now.identities == ("eve",)
    assert trail.practices().compared == DAY
    assert mfa(trail, account=ACCOUNT).before == 2
    assert mfa(trail, account=OTHER).posture.state == "held"
    assert mfa(trail, account=OTHER).count == 0
    assert "1 finding, 2 on 1 Jun" in trail.practices().render()


def test_the_missing_export_is_named_and_never_clean(shelf) -> None:
    shelf.put("password-policy", {"default": True})
    shelf.digest()
    one = mfa(Trail(shelf.store, Config()))
    assert one.state == "not evaluated"
    assert one.posture.because.startswith("no export of credential-report")


def test_a_day_without_a_digest_has_no_report(shelf) -> None:
    trail = Trail(shelf.store, Config())
    with pytest.raises(StoreError, match="there is no digest yet"):
        trail.practices()
    shelf.put("credential-report", [row()])
    shelf.digest()
    with pytest.raises(StoreError, match=f"there is no digest of {LATER}"):
        trail.practices(LATER)
