"""A store of the weeks around the intruder, with the exports of IAM and the digest of the day."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.conftest import command, elsewhere

import trailwatch as tw

__all__ = ["command", "elsewhere"]  # fixtures of the command line

INTRUDER = "ASIASUIWTJAKA3G6SJBC"  # the session of 2026-07-28
MADE = "AKIA6RPZRAW34DMTYBS4"  # the key that it made for svc-reports


@pytest.fixture(scope="session")
def settings(sample_logs: Path) -> str:
    return str(sample_logs / "trailwatch.toml")


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path, settings: str) -> str:
    """The folder of the store."""
    where = str(tmp_path_factory.mktemp("around") / "store")
    trail = tw.open(where, config=settings, create=True)
    trail.snapshot(str(sample_logs / "iam"), taken="2026-07-27T06:00:00Z")
    assert trail.ingest(str(sample_logs), start="2026-07-15", end="2026-07-31").balanced()
    trail.settle()
    trail.digest("2026-07-28")
    return where


@pytest.fixture(scope="session")
def trail(place: str, settings: str) -> tw.Trail:
    return tw.open(place, config=settings)
