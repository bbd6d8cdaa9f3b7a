"""Opens the store that a command names, with what its options say of AWS and of workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trailwatch.api import Trail

Team = tuple[str | None, int | None]  # a scheduler, and a number of local workers


def opened(
    store: str | None, config: str | None, profile: str | None = None, region: str | None = None,
    role_arn: str | None = None, endpoint_url: str | None = None, *, create: bool = False, team: Team = (None, None),
    bucket: str | None = None,
) -> Trail:  # fmt: skip
    """Return the store with its configuration, over which the options of the command go."""
    from trailwatch import api

    told = {"store.path": store, "source.bucket": bucket}
    flags = told | reaching(profile, region, role_arn, endpoint_url) | working(team)
    return api.open(config=config, create=create, flags=flags)


def reaching(profile: str | None, region: str | None, role_arn: str | None, endpoint_url: str | None) -> dict[str, Any]:
    """Return how AWS is reached, by the keys of the configuration."""
    return {
        "source.profile": profile, "source.region": region, "source.role_arn": role_arn,
        "source.endpoint_url": endpoint_url,
    }  # fmt: skip


def working(team: Team) -> dict[str, Any]:
    """Return who does the work, by the keys of the configuration."""
    return {"cluster.scheduler": team[0], "cluster.workers": team[1]}
