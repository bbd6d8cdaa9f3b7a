"""What an intruder would still have been allowed, as sections of a page."""

from __future__ import annotations

from collections.abc import Iterator

from trailwatch.investigate.document import Section
from trailwatch.policy.intruder import Intruder

HEAD = "What an intruder would still have been allowed"
NOTHING = "Everything: nothing was proposed."
NO_DATA = (
    "Not looked at: there are no labelled techniques. --techniques FOLDER takes one with labels.json and a folder of logs "
    "for each technique, as the detonation logs of Stratus Red Team."
)


def sections(found: Intruder | None) -> Iterator[Section]:
    """Yield what techniques would still pass, from elsewhere and from the identity's own network."""
    if found is None or not found.techniques:
        yield Section(HEAD, lines=(NOTHING if found is None else NO_DATA,))
        return
    every = len(found.techniques)
    outside, inside = found.blocked("elsewhere"), found.blocked("inside")
    lines = (
        f"With a stolen session, from the intruder's own network: blocks {outside} of {every} techniques.",
        f"From the identity's own network, in its own region: blocks {inside} of {every} techniques.",
        "Blocked: every call of the technique is denied. Resources are those of the logs, in the identity's account.",
    )
    yield Section(HEAD, lines=lines, columns=("technique", "calls", "from elsewhere", "from its own network"), rows=[
        (one.id, str(one.calls), one.elsewhere.word, one.inside.word) for one in found.techniques
    ])  # fmt: skip
