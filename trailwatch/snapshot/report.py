"""The credential report: CSV of IAM, by the names of its columns, as one object a user."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from trailwatch.snapshot.export import COMMANDS, REPORT, Unusable, moment

ROOT = "<root_account>"
_TEXTS = ("user", "arn")
_FLAGS = ("password_enabled", "mfa_active", "access_key_1_active", "access_key_2_active", "cert_1_active",
          "cert_2_active")  # fmt: skip
_TIMES = (
    "user_creation_time", "password_last_used", "password_last_changed", "password_next_rotation",
    "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_2_last_rotated",
    "access_key_2_last_used_date", "cert_1_last_rotated", "cert_2_last_rotated",
)  # fmt: skip
_NAMES = ("access_key_1_last_used_region", "access_key_1_last_used_service", "access_key_2_last_used_region",
          "access_key_2_last_used_service")  # fmt: skip
# Whole, because a time that is cut off may still be one.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NOTHING = {"n/a", "no_information", "not_supported"}
_SPREADSHEET = "the file as AWS wrote it, not as a spreadsheet saved it"


def is_report(text: str) -> bool:
    """Tell whether a text begins like a credential report."""
    first = text[:400].lstrip().lower().replace('"', "").replace(" ", "")
    return first.startswith(("user,arn,", "user;arn;", "user\tarn\t"))


def read_report(text: str) -> list[dict[str, Any]]:
    """Return the rows of a credential report, each value in its type."""
    head = text.lstrip()[:400].splitlines()[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text.strip("\r\n "), newline=""), delimiter=separator, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader)]
        _check_names(names)
        rows = [_row(names, values, f"line {reader.line_num}") for values in reader if values]
    except csv.Error as error:
        raise _damaged(f"line {reader.line_num} is no CSV: {error}") from error
    return report(rows)


def report(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return checked rows of a report in the order of their users, root first."""
    found = [_typed(row, f"user {str(row.get('user'))[:64]!r}") for row in rows]
    if not found:
        raise _damaged("the credential report has a header and no users: it seems cut off")
    return sorted(found, key=lambda row: (row["user"] != ROOT, row["user"]))


def _check_names(names: list[str]) -> None:
    if missing := [name for name in (*_TEXTS, "user_creation_time") if name not in names]:
        raise _damaged(f"the header of the credential report lacks {', '.join(missing)}")
    if len(set(names)) != len(names):
        raise _damaged("the header of the credential report names a column twice")


def _row(names: list[str], values: list[str], where: str) -> dict[str, Any]:
    if len(values) != len(names):
        raise _damaged(f"{where} has {len(values)} of {len(names)} columns: the file seems cut off")
    return dict(zip(names, values, strict=True))


def _typed(row: Mapping[str, Any], where: str) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for name, value in row.items():
        try:
            typed[name] = _value(name, value)
        except Unusable as error:
            raise _damaged(f"{where}, column {name}: {error.what}") from error
    for name in _TEXTS:
        if not isinstance(typed.get(name), str) or not typed[name]:
            raise _damaged(f"{where}: {name} is missing")
    for name in (*_FLAGS, *_TIMES, *_NAMES):
        typed.setdefault(name, None)
    # The file of our own form says it, that of AWS hides it in the column of the last use.
    never = str(row.get("password_last_used")).strip().lower() == "no_information"
    typed["password_never_used"] = never or row.get("password_never_used") is True
    return typed


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        if (
            value is not None
            and name in (*_FLAGS, *_TIMES, *_NAMES)
            and not (name in _FLAGS and isinstance(value, bool))
        ):
            raise Unusable(f"{str(value)[:60]!r} is not what this column holds")
        return value
    bare = value.strip()
    if name not in (*_FLAGS, *_TIMES, *_NAMES):
        return bare
    if bare.lower() in _NOTHING:
        return None
    if not bare:
        raise Unusable("it is empty")
    if name in _FLAGS:
        if bare.lower() not in {"true", "false"}:
            raise Unusable(f"{bare[:60]!r} is neither true nor false")
        return bare.lower() == "true"
    if name in _TIMES and not _TIME.fullmatch(bare):
        raise Unusable(f"{bare[:60]!r} is not a time")
    return moment(bare) if name in _TIMES else bare


def _damaged(what: str) -> Unusable:
    return Unusable(what, kind=REPORT, hint=f"{COMMANDS[REPORT]} again; {_SPREADSHEET}")
