"""The text of an exported file: its encoding, the JSON values in it, and what a damaged one seems to be."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from trailwatch.snapshot.export import COMMANDS, DETAILS, PASSWORDS, REPORT, SUMMARY, TRAILS, USES, Unusable

_SIGNS = {
    REPORT: ("user,arn,user_creation_time", '"ReportFormat"', "access_key_1_active"),
    DETAILS: ('"UserDetailList"', '"RoleDetailList"', '"GroupDetailList"', '"AssumeRolePolicyDocument"'),
    PASSWORDS: ('"PasswordPolicy"', '"MinimumPasswordLength"'),
    SUMMARY: ('"SummaryMap"', '"AccountMFAEnabled"'),
    USES: ('"ServicesLastAccessed"', '"JobStatus"'),
    TRAILS: ('"trailList"', '"TrailARN"', '"IsLogging"'),
}
_ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}
_KNOWN = ", ".join(COMMANDS.values())


def decode(data: bytes) -> str:
    """Return the text of a file, in whatever encoding a shell wrote it; what is no text is Unusable."""
    if not data.strip():
        hint = 'the export again; where no password policy is set, AWS answers NoSuchEntity: write {"default": true}'
        raise Unusable("the file is empty", hint=hint)
    for sign, name in _PACKED.items():
        if data.startswith(sign):
            raise Unusable(f"the file is packed ({name})", hint="unpack it first")
    # PowerShell's `>` writes UTF-16.
    encoding = next((name for sign, name in _ENCODINGS.items() if data.startswith(sign)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unusable(f"byte {error.start + 1} is no text", hint=f"the output of {_KNOWN}") from error


def values(text: str) -> Iterator[Any]:
    """Yield the JSON values of a text, one after the other; a damaged one is Unusable."""
    # Pages that were appended to one file stand one after the other, which is no JSON document.
    decoder = json.JSONDecoder(parse_constant=_refuse)
    place, end = 0, len(text.rstrip())
    while place < end:
        gap = re.compile(r"[\s,]*").match(text, place)
        place = gap.end() if gap else place
        try:
            value, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            cut = (
                " (the end of the file: it seems cut off)"
                if error.pos >= end - 1 or "Unterminated" in error.msg
                else ""
            )
            where = f"line {error.lineno}, column {error.colno}{cut}"
            raise Unusable(f"no valid JSON at {where}: {error.msg}", hint=_again(text)) from error
        except (ValueError, RecursionError) as error:
            what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise Unusable(f"no valid JSON: {what}", hint=_again(text)) from error
        yield value


def unpacked(text: str) -> str:
    """Return what base64 stands for, '' where it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def guess_kind(text: str) -> str:
    """Return the kind that a damaged text seems to be of, '' where nothing speaks for one."""
    found = {
        kind: min((text.find(sign) for sign in signs if sign in text), default=-1) for kind, signs in _SIGNS.items()
    }
    seen = {kind: place for kind, place in found.items() if place >= 0}
    return min(seen, key=lambda kind: seen[kind]) if seen else ""


def guess_account(text: str) -> str:
    """Return the account whose users a damaged text names, '' where that is not one."""
    found = {match[1] for match in re.finditer(r"arn:aws[a-z-]*:iam::(\d{12}):(?:user/|root\b)", text[:1_000_000])}
    return found.pop() if len(found) == 1 else ""


def foreign() -> Unusable:
    """Return the error of a file that holds something else."""
    return Unusable("the file is no export that trailwatch knows", hint=f"the output of {_KNOWN}")


def _again(text: str) -> str:
    kind = guess_kind(text)
    return f"{COMMANDS[kind]} again" if kind else f"the output of {_KNOWN}"


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
