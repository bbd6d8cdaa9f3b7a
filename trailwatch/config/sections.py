"""The sections of trailwatch.toml; every key has a default."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from trailwatch.config.sinks import AnySink

Class = Literal["human", "admin", "pipeline", "workload", "service", "vendor"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A table of the configuration; unknown keys are errors."""


class StoreSection(Section, frozen=True, kw_only=True):
    """Where the store is."""

    path: str = "./trailwatch-store"
    shards: int = 0  # into which the accounts of a day are divided, for days to come; 0: as the store has it


class SourceSection(Section, frozen=True, kw_only=True):
    """Where the logs are, and how to reach them."""

    path: str = ""
    profile: str = ""
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    requester_pays: bool = False
    timeout: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60  # seconds that one request may take
    retries: Annotated[int, msgspec.Meta(ge=0, le=20)] = 6
    bucket: str = ""  # s3://bucket/prefix of the objects that the queue in `path` tells of


class Cluster(Section, frozen=True, kw_only=True):
    """Who does the work besides this process: the workers of a dask scheduler, or processes of this machine."""

    scheduler: str = ""
    workers: int = 0


class Organization(Section, frozen=True, kw_only=True):
    """The own organization: its id, its accounts with their names, and accounts that may come in."""

    id: str = ""
    accounts: dict[str, str] = {}
    partners: list[str] = []


class Span(Section, frozen=True, kw_only=True):
    """A time of duty; a plain date as `to` includes that day."""

    from_: Any  # a TOML date or date-time, checked below: msgspec has no union of the two
    to: Any


class Person(Section, frozen=True, kw_only=True):
    """What is known of a person: zone, shifts, duty, networks, last day, other names."""

    time_zone: str = ""
    shifts: list[str] = []
    holidays: list[date] = []
    on_call: list[Span] = []
    networks: list[str] = []
    until: date | None = None
    aliases: list[str] = []


class Group(Person, frozen=True, kw_only=True):
    """The same for several people or principals (shell globs)."""

    members: list[str] = []


class Principal(Section, frozen=True, kw_only=True):
    """What is expected of principals that match a pattern."""

    class_: Class | None = msgspec.field(default=None, name="class")
    actions: list[str] = []
    networks: list[str] = []
    until: date | None = None
    time_zone: str = ""


class Automation(Section, frozen=True, kw_only=True):
    """Principals that run unattended, what they do, from where and with what; what is unlike that weighs more.

    What is not declared here is learned. For one principal alone it stands under [principals].
    """

    principals: list[str] = []
    actions: list[str] = []
    networks: list[str] = []
    clients: list[str] = []


class Practices(Section, frozen=True, kw_only=True):
    """Limits of the practices: days, and the length of a password."""

    unused_days: int = 90
    dormant_days: int = 60
    key_age_days: int = 90
    password_age_days: int = 90
    review_days: int = 90
    minimum_length: int = 14


class Snapshot(Section, frozen=True, kw_only=True):
    """How IAM is exported, and how old an export may be; `run` takes one where a role, a folder or `live` is named."""

    role_name: str = ""  # the role that every account of the organization has for this
    accounts: list[str] = []  # instead of all of the organization
    folder: str = ""  # exported files in place of calls
    live: bool = False  # calls with the credentials at hand
    last_accessed: int = 200  # users and roles of an account whose services are asked for; 0 asks for none
    max_age_days: int = 8

    @property
    def wanted(self) -> bool:
        """Whether the daily job takes snapshots."""
        return bool(self.role_name or self.folder or self.live)


class Model(Section, frozen=True, kw_only=True):
    """The alert budget of the anomaly model, and what it reads."""

    enabled: bool = True
    budget: float = 5.0  # alerts per 1000 identity-days
    max_per_day: int = 10
    seed: int = 7
    window_days: int = 90
    asn_database: str = ""
    country_database: str = ""


class Suppression(Section, frozen=True, kw_only=True):
    """A finding that somebody decided not to be told of, why, and until when."""

    detection: str
    reason: str
    owner: str
    until: date
    principal: str = ""
    person: str = ""
    account: str = ""
    network: str = ""
    target: str = ""


class Override(Section, frozen=True, kw_only=True):
    """Another severity for a detection, with its reason."""

    severity: Literal["info", "low", "medium", "high", "critical"]
    reason: str


class Rules(Section, frozen=True, kw_only=True):
    """Folders of own detections, detections that are off, and severities."""

    folders: list[str] = []
    off: list[str] = []
    severity: dict[str, Override] = {}


class Config(Section, frozen=True, kw_only=True):
    """The whole configuration."""

    store: StoreSection = StoreSection()
    source: SourceSection = SourceSection()
    cluster: Cluster = Cluster()
    organization: Organization = Organization()
    networks: dict[str, list[str]] = {}
    people: dict[str, Person] = {}
    groups: dict[str, Group] = {}
    principals: dict[str, Principal] = {}
    automation: Automation = Automation()
    practices: Practices = Practices()
    snapshot: Snapshot = Snapshot()
    model: Model = Model()
    suppress: list[Suppression] = []
    rules: Rules = Rules()
    sinks: dict[str, AnySink] = {}

    def aliases(self) -> dict[str, str]:
        """Return other name → person, lower case."""
        return {alias.lower(): name.lower() for name, person in self.people.items() for alias in person.aliases}
