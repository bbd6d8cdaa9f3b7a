"""trailwatch reads CloudTrail, learns what each identity normally does, and reports what was not normal.

    import trailwatch as tw

    t = tw.open("trailwatch-store")
    t.digest("2026-07-28")
    t.identity("alice@example.com")
    t.sql("select * from findings")

The map. Data runs down this list, imports run up it:

    errors finding window config progress    words that everything uses
    workers cluster                          who does the work: this process, or workers of dask
    actions practices aws                    IAM actions and levels, the eighteen practices, AWS clients
    engine sql/                              DuckDB, and one relation a file
    store                                    Delta tables: layout, atomic writes, local copy of a remote store
    ingest                                   objects of a trail → events
    verify                                   CloudTrail's signed digest files → which objects are as they were written
    snapshot                                 IAM, live or exported → snapshots, and what changed
    profile                                  events → sessions, activity, identity_days, seen → baseline, features
    detect detections/                       detections as data → hits
    model                                    identity-days → anomalies within a budget
    findings                                 hits and anomalies → findings with a memory → incidents
    charts                                   what an identity did, drawn: in a notebook and on a page
    investigate                              history, lineage, SQL: results that show themselves
    policy                                   policies tried on past calls and made of them, conditions, reviews
    digest                                   coverage, findings, practices → one day's page
    sinks                                    what is new or worse → file, mail, webhook, SNS, Security Hub, S3
    simulate                                 the organization behind sample_logs
    scorecard                                what detections and model are worth, on fields of attacks
    upkeep                                   what a store forgets, which files go, how damage is mended
    doctor                                   the permissions needed, and how store and configuration are
    outlets api cli                          the doors
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trailwatch.api import Trail, open, scan
    from trailwatch.config import Config
    from trailwatch.errors import TrailwatchError
    from trailwatch.finding import Finding, Incident

__all__ = ["Config", "Finding", "Incident", "Trail", "TrailwatchError", "open", "scan"]

_HOMES = {
    "Config": "config",
    "Finding": "finding",
    "Incident": "finding",
    "Trail": "api",
    "TrailwatchError": "errors",
    "open": "api",
    "scan": "api",
}


def __getattr__(name: str) -> Any:
    # The heavy libraries load when they are first needed: `trailwatch --help` needs none of them.
    if name not in _HOMES:
        raise AttributeError(f"module 'trailwatch' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"trailwatch.{_HOMES[name]}"), name)
