"""Questions to a store: who is this, and what the configuration says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from trailwatch.cli import options, output
from trailwatch.finding import Finding
from trailwatch.findings.titles import plain


def show(
    name: Annotated[
        str, typer.Argument(help="A name, ARN, access key id, role, e-mail address, or the id of a finding.")
    ],
    store: options.Store = None,
    config: options.ConfigFile = None,
    date: Annotated[str | None, typer.Option("--date", help="As of this UTC day [default: the last one].")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every value, not only the most used ones.")] = False,
    out: options.Output = None,
) -> None:
    """Print what an identity normally does, or everything that a finding holds."""
    from trailwatch import api
    from trailwatch.investigate import views

    trail = api.open(config=config, flags={"store.path": store})
    # The id of a finding may read like an account; what no digest holds is taken for a name.
    found = views.finding(trail.store, name) if re.fullmatch(r"[0-9a-f]{12}", name) else None
    if found is not None:
        output.write(_finding(found), out)
        return
    output.write("\n\n".join(one.text(every=every) for one in trail.identity(name, day=date)), out)


def config(config: options.ConfigFile = None, store: options.Store = None) -> None:
    """Print each value of the configuration and where it came from."""
    from trailwatch import config as configuration

    found, origins = configuration.layered(config, environment=os.environ, flags={"store.path": store})
    values = msgspec.to_builtins(found)
    for sink in values["sinks"].values():
        # Whoever has the address of a webhook can post to it.
        sink.update({"url": _address(sink["url"])} if sink.get("url") else {})
    lines = []
    for section, entries in values.items():
        if not isinstance(entries, dict):
            lines.append((section, entries))
        else:
            lines += [(f"{section}.{key}", value) for key, value in entries.items()]
    shown = []
    for key, value in lines:
        origin = next(
            (place for name, place in origins.items() if name == key or name.startswith(f"{key}.")), "default"
        )
        shown.append(f"{key} = {value!r}  ({origin})")
    output.write("\n".join(shown), None)


def init(
    path: Annotated[str, typer.Argument(help="The file to write.")] = "trailwatch.toml",
    source: Annotated[str, typer.Option(help="Where the logs are.")] = "s3://BUCKET/PREFIX",
) -> None:
    """Write a configuration to start from; an existing file is never touched."""
    from trailwatch.errors import ConfigError

    if Path(path).exists():
        raise ConfigError("there is a configuration already", where=path, hint="another file name")
    text = TEMPLATE.format(source=source.replace("\\", "\\\\").replace('"', '\\"'))
    output.write(text, path)


def _finding(found: Finding) -> str:
    lines = []
    for key, value in msgspec.to_builtins(found).items():
        if value in ("", None, (), {}):
            continue
        several = _entries(value)
        lines += [f"{key if place == 0 else '':<18}{plain(entry, longest=400)}" for place, entry in enumerate(several)]
    return "\n".join(lines)


def _entries(value: Any) -> list[object]:
    if isinstance(value, dict):
        return [f"{key}: {inner}" for key, inner in value.items()]
    if isinstance(value, (list, tuple)):
        return [f"{one['value']} ({one['count']}×)" if isinstance(one, dict) else one for one in value]
    return [value]


def _address(url: str) -> str:
    found = re.match(r"(https?://)(?:[^/@]*@)?([^/@]*)", url)
    return f"{found[1]}{found[2]}/…" if found else "…"


TEMPLATE = """\
# Every key is optional. `trailwatch config` prints each value and where it came from.

[store]
path = "./trailwatch-store"

[source]
path = "{source}"

[organization]
# id = "o-exampleorg1"
# accounts = {{ "111122223333" = "prod" }}
# partners = ["444455556666"]

[networks]
# office = ["198.51.100.0/24"]
# endpoints = ["vpce-0a1b2c3d4e5f60718"]

# [people."alice@example.com"]
# time_zone = "Europe/Berlin"
# shifts = ["mon-fri 09:00-18:00"]
# networks = ["office"]
# until = 2027-03-31

# [sinks.team]               # `trailwatch send --dry-run` prints what would go out
# kind = "webhook"           # or file, stdout, smtp, ses, sns, security-hub, s3
# url_env = "TRAILWATCH_WEBHOOK_URL"
# severity = "medium"

[model]
budget = 5.0      # alerts per 1000 identity-days
max_per_day = 10
"""
