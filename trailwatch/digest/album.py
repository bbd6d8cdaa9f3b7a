"""The identities that a digest names, each with its charts and the findings about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trailwatch.charts.gather import Identity, gather
from trailwatch.charts.material import Material
from trailwatch.charts.svg import Svg, svg
from trailwatch.config import Config
from trailwatch.finding import Finding, rank
from trailwatch.store.tables import Store

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

MOST_DRAWN = 8  # identities with charts: the most urgent ones, because each chart costs a reader and a run some time
MOST_NAMED = 120


@dataclass(frozen=True)
class Drawing:
    """One chart: as SVG, and in words."""

    name: str
    id: str
    svg: Svg
    words: str


@dataclass(frozen=True)
class Portrait:
    """One identity: what it is called, what is drawn and told of it, and its findings of the day."""

    key: str
    kind: str
    name: str
    findings: tuple[Finding, ...]
    drawings: tuple[Drawing, ...] = ()
    words: tuple[str, ...] = ()  # in place of drawings


@dataclass(frozen=True)
class Album:
    """The portraits of a digest, the most urgent first; `home` is the folder of their own pages, '' where there is none."""

    portraits: tuple[Portrait, ...] = ()
    home: str = ""
    unnamed: int = 0  # identities beyond the limit
    _keys: Mapping[str, str] = field(default_factory=dict)

    def key(self, finding: Finding) -> str:
        """Return the key of the identity that a finding is about, '' where it has no portrait."""
        return self._keys.get(identity_of(finding)[1], "")

    def sign(self, finding: Finding) -> Drawing | None:
        """Return the chart of activity that stands with a finding: the gravest of an identity that acted."""
        key = self.key(finding)
        drawings = next((one.drawings for one in self.portraits if one.key == key and _gravest(one) == finding.id), ())
        return next((one for one in drawings if one.name == "activity"), None)


def identity_of(finding: Finding) -> Identity:
    """Return the kind and name of the identity that a finding is about; ('', '') where it is about none."""
    if finding.kind == "coverage":
        return "", ""
    if finding.person:
        return "person", finding.person
    return ("principal", finding.principal) if finding.principal else ("", "")


def key_of(name: str) -> str:
    """Return what stands for an identity in links and file names: nothing of its name, which anybody may have chosen."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def album(store: Store, digest: Digest, *, config: Config | None = None, home: str = "") -> Album:
    """Return the portraits of the identities that a digest names."""
    return compose(digest, gather(store, named(digest), day=digest.date, config=config), home=home)


def compose(digest: Digest, materials: Mapping[str, Material], *, home: str = "") -> Album:
    """Return the portraits of a digest from what its identities did, by name."""
    every = _named(digest)
    chosen = list(every)[:MOST_NAMED]
    worth = [one for one in chosen if any(map(_acted, every[one])) and materials[one[1]]][:MOST_DRAWN]
    portraits = tuple(_portrait(one, every[one], materials[one[1]], in_charts=one in worth) for one in chosen)
    return Album(portraits, home, len(every) - len(chosen), {one.name: one.key for one in portraits})


def named(digest: Digest) -> list[Identity]:
    """Return the identities that a digest names, the most urgent first, at most as many as a page has room for."""
    return list(_named(digest))[:MOST_NAMED]


def _named(digest: Digest) -> dict[Identity, list[Finding]]:
    found: dict[Identity, list[Finding]] = {}
    for one in digest.happening:
        identity = identity_of(one)
        if identity[1]:
            found.setdefault(identity, []).append(one)
    return found


def _acted(finding: Finding) -> bool:
    return rank(finding.severity) >= rank("medium") and finding.kind in ("activity", "anomaly")


def _gravest(portrait: Portrait) -> str:
    return next((one.id for one in portrait.findings if _acted(one)), "")


def _portrait(identity: Identity, findings: list[Finding], material: Material, *, in_charts: bool) -> Portrait:
    # The library of charts takes a second to load: only for a page that has some.
    from trailwatch.charts.definitions import draw, drawn  # noqa: PLC0415
    from trailwatch.charts.words import WORDS  # noqa: PLC0415

    kind, name = identity
    key = key_of(name)
    told = [(chart, WORDS[chart](material)) for chart in drawn(material)]
    if not in_charts:
        return Portrait(key, kind, name, tuple(findings), words=tuple(words for _, words in told))
    drawings = tuple(
        Drawing(chart, f"c-{key}-{chart}", svg(draw(chart, material), id=f"c-{key}-{chart}"), words)
        for chart, words in told
    )
    return Portrait(key, kind, name, tuple(findings), drawings)
