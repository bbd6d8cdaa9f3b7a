"""A digest in the form that is asked for: text, markdown, html, json."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from trailwatch.digest.html import html
from trailwatch.digest.markdown import markdown
from trailwatch.digest.text import text
from trailwatch.errors import ConfigError

if TYPE_CHECKING:
    from trailwatch.digest.page import Digest

FORMS = ("text", "markdown", "html", "json")
_OF_A_SCAN = ("schema", "coverage", "incidents", "findings")


def render(digest: Digest, form: str = "text", *, color: bool = False) -> str:
    """Return a digest as text, markdown, html or json; color is for text in a terminal only."""
    if form == "text":
        return text(digest, color=color)
    if form == "markdown":
        return markdown(digest)
    if form == "html":
        return html(digest)
    if form == "json":
        return json.dumps(as_dict(digest), indent=1, ensure_ascii=False) + "\n"
    raise ConfigError(f"{form!r} is no form of a digest", where="--format", hint=", ".join(FORMS))


def as_dict(digest: Digest) -> dict[str, Any]:
    """Return a digest as plain values: what digest.schema.json describes, and scan.schema.json for a scan."""
    values: dict[str, Any] = msgspec.to_builtins(digest)
    names = _OF_A_SCAN if digest.source else [name for name in values if name != "source"]
    return {name: values[name] for name in names}
