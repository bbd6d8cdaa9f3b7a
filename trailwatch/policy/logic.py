"""Three-valued logic: true, false, and None where nobody can know."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def every(truths: Iterable[Truth]) -> Truth:
    """Return whether all hold: false as soon as one does not, None where one that could decide is not known."""
    found: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            found = None
    return found


def some(truths: Iterable[Truth]) -> Truth:
    """Return whether one holds: true as soon as one does, None where one that could decide is not known."""
    found: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            found = None
    return found


def negated(truth: Truth) -> Truth:
    """Return the opposite; of what is not known, that is not known either."""
    return None if truth is None else not truth
