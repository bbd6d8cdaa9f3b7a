"""The configuration: layers with origins, and errors that name file, line, column and the nearest key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trailwatch import config
from trailwatch.errors import ConfigError

WHOLE = """
[organization]
id = "o-example0001"
accounts = { "210987654321" = "prod" }

[networks]
office = ["185.60.112.0/24", "vpce-0a1b2c3d"]

[people."alice@example.com"]
time_zone = "Europe/Berlin"
shifts = ["mon-fri 09:00-18:00", "sat 22:00-06:00"]
on_call = [{ from = 2026-07-25, to = 2026-07-26T08:00:00 }]
networks = ["office"]
until = 2026-12-31
aliases = ["ALICE.admin"]

[principals."*/role/ci-*"]
class = "pipeline"

[[suppress]]
detection = "off-hours"
person = "alice@example.com"
reason = "release week"
owner = "grace"
until = 2026-09-01
"""


def _load(tmp_path: Path, text: str, environment: dict[str, str] | None = None, **flags: str) -> config.Config:
    path = tmp_path / "trailwatch.toml"
    path.write_text(text)
    return config.load(str(path), environment=environment or {}, flags=flags)


def test_every_kind_of_key_is_read(tmp_path: Path) -> None:
    found = _load(tmp_path, WHOLE)
    alice = found.people["alice@example.com"]
    assert alice.until == date(2026, 12, 31)
    assert alice.on_call[0].from_ == date(2026, 7, 25)
    assert found.principals["*/role/ci-*"].class_ == "pipeline"
    assert found.suppress[0].owner == "grace"
    assert found.aliases() == {"alice.admin": "alice@example.com"}


def test_flags_beat_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trailwatch.toml"
    path.write_text('[store]\npath = "from-file"\n[model]\nbudget = 1\n[source]\npath = "logs"\n')
    found, origins = config.layered(
        str(path),
        environment={"TRAILWATCH_STORE": "from-environment", "TRAILWATCH_MODEL_BUDGET": "2"},
        flags={"store.path": "from-flag", "source.path": None},
    )
    assert (found.store.path, found.model.budget, found.source.path) == ("from-flag", 2.0, "logs")
    assert origins == {"store.path": "flag", "model.budget": "TRAILWATCH_MODEL_BUDGET", "source.path": str(path)}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('[people.a]\ntime_zon = "UTC"', ":2:1", "'time_zone'"),
        ("[modell]\nbudget = 1", ":1:1", "'model'"),
        ('[model]\nbudget = "much"', ":2:1", "float"),
        ('[networks]\noffice = ["1.2.3"]', ":2:1", "1.2.3"),
        ('[people.a]\ntime_zone = "Mars/Olympus"', ":1:1", "Mars/Olympus"),
        ('[people.a]\nshifts = ["mo 9-5"]', ":1:1", "mo 9-5"),
        ('[people.a]\nshifts = ["mon-fri 09:00-17:00"]', ":1:1", "time_zone"),
        ('[people.a]\nnetworks = ["home"]', ":1:1", "home"),
        ('[people.a]\non_call = [{ from = "x", to = 1 }]', ":1:1", "on_call"),
        ('[[suppress]]\ndetection = "a"\nreason = "b"\nuntil = 2026-01-01', "", "owner"),
        ('[[suppress]]\ndetection = "a"\nreason = "b"\nowner = "c"\nuntil = 2026-01-01', "", "one thing only"),
        (
            '[[suppress]]\ndetection = "*"\nprincipal = "a"\nreason = "b"\nowner = "c"\nuntil = 2026-01-01',
            "",
            "one thing only",
        ),
        (
            '[[suppress]]\ndetection = "a"\nprincipal = "**"\nreason = "b"\nowner = "c"\nuntil = 2026-01-01',
            "",
            "one thing only",
        ),
        (
            '[[suppress]]\ndetection = "a"\nprincipal = "b"\nreason = " "\nowner = "c"\nuntil = 2026-01-01',
            "",
            "no reason",
        ),
        ("[store", "", "not valid TOML"),
    ],
)
def test_mistakes_name_place_and_remedy(tmp_path: Path, text: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert f"trailwatch.toml{place}" in str(caught.value)
    assert words in str(caught.value)


def test_a_named_file_must_exist() -> None:
    with pytest.raises(ConfigError, match="no such file"):
        config.load("/nowhere/trailwatch.toml", environment={})


def test_networks_of_automation_and_principals_have_to_exist(tmp_path) -> None:
    for section in ('[automation]\nnetworks = ["offfice"]\n', '[principals."x"]\nnetworks = ["offfice"]\n'):
        file = tmp_path / "trailwatch.toml"
        file.write_text(f'{section}[networks]\noffice = ["198.51.100.0/24"]\n')
        with pytest.raises(ConfigError, match="'offfice' is not declared"):
            config.load(str(file))
