"""An answer as sections of lines and tables, written once as text, Markdown or HTML.

What stands in it came from logs: every form takes the signs away, or escapes them, that it would obey.
"""

from __future__ import annotations

import base64
import hashlib
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from trailwatch.findings.titles import plain

WIDTH = 110
CELL = 60
_SPECIAL = re.compile(r"([\\`*_\[\]<>!|~&$#])")
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.6rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.92em}
th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8884}
pre,td{font-family:ui-monospace,monospace;overflow-wrap:anywhere}.note{opacity:.8}
"""


@dataclass(frozen=True)
class Section:
    """A heading with lines, a table, or a block whose spaces count."""

    heading: str
    lines: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    block: Sequence[str] = ()


@dataclass(frozen=True)
class Document:
    """A title, what holds for all of it, and its sections; an empty section is left out."""

    title: str
    notes: Sequence[str] = ()
    sections: Sequence[Section] = field(default_factory=tuple)

    def text(self) -> str:
        """Return the document for a terminal."""
        return "\n".join(self._text()) + "\n"

    def markdown(self) -> str:
        """Return the document as Markdown."""
        return "\n".join(self._markdown()) + "\n"

    def body(self) -> str:
        """Return the document as a piece of HTML, for a notebook."""
        return "".join(self._html())

    def html(self) -> str:
        """Return the document as one HTML file without script or outside resource."""
        allowed = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(plain(self.title))}</title><style>{_STYLE}</style></head>"
            f"<body><main>{self.body()}</main></body></html>\n"
        )

    def _full(self) -> Iterator[Section]:
        return (one for one in self.sections if one.lines or one.rows or one.block)

    def _text(self) -> Iterator[str]:
        yield plain(self.title)
        for note in self.notes:
            yield from _wrapped(note)
        for section in self._full():
            yield f"\n{section.heading.upper()}"
            for line in section.lines:
                yield from _wrapped(line)
            yield from ("  " + _kept(line) for line in section.block)
            if section.rows:
                yield from _grid(section)

    def _markdown(self) -> Iterator[str]:
        yield from (f"# {_escaped(self.title)}", "")
        for note in self.notes:
            yield from (_escaped(note), "")
        for section in self._full():
            yield from (f"## {_escaped(section.heading)}", "")
            yield from (f"- {_escaped(line)}" for line in section.lines)
            # Indented by four: nothing in it is Markdown.
            yield from ("    " + _kept(line) for line in section.block)
            if section.rows:
                yield "| " + " | ".join(_escaped(name) for name in section.columns) + " |"
                yield "|" + "---|" * len(section.columns)
                yield from ("| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in section.rows)
            yield ""

    def _html(self) -> Iterator[str]:
        yield f"<h1>{escape(plain(self.title))}</h1>"
        yield from (f'<p class="note">{escape(plain(note, longest=600))}</p>' for note in self.notes)
        for section in self._full():
            yield f"<h2>{escape(section.heading)}</h2>"
            if section.lines:
                yield "<ul>" + "".join(f"<li>{escape(plain(one, longest=600))}</li>" for one in section.lines) + "</ul>"
            if section.block:
                yield "<pre>" + "\n".join(escape(_kept(line)) for line in section.block) + "</pre>"
            if section.rows:
                head = "".join(f'<th scope="col">{escape(plain(name))}</th>' for name in section.columns)
                body = "".join(
                    "<tr>" + "".join(f"<td>{escape(plain(cell, longest=400))}</td>" for cell in row) + "</tr>"
                    for row in section.rows
                )
                yield f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _wrapped(line: str) -> list[str]:
    text = plain(line, longest=2000)
    return textwrap.wrap(
        text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _grid(section: Section) -> Iterator[str]:
    rows = [[plain(cell, longest=CELL) for cell in row] for row in (section.columns, *section.rows)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(section.columns))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _kept(line: str) -> str:
    """Return a line with its spaces at the start, and nothing in it that a terminal obeys."""
    start = len(line) - len(line.lstrip(" "))
    return " " * start + plain(line, longest=300)


def _escaped(words: str) -> str:
    return _SPECIAL.sub(r"\\\1", plain(words, longest=600))
