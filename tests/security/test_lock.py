"""The lock of dependencies is what pyproject.toml asks for."""

from __future__ import annotations

import importlib.util
import json
import re
import stat
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8")
PINNED = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def test_every_dependency_is_pinned_with_its_hash() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = map(Requirement, [*project["project"]["dependencies"], *(one for extra in extras for one in extra)])
    unpinned = [
        str(one)
        for one in wanted
        if PINNED.get(canonicalize_name(one.name), "") not in one.specifier
        or not PINNED.get(canonicalize_name(one.name))
    ]
    assert unpinned == [], "make .ci/requirements.lock again: the command is in .github/CONTRIBUTING.md"
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, 0, "audit: 1 packages, 0 known"),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}, 1, "a 1: PYSEC-1"),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, 0, "AUDIT SKIPPED"),
        (None, 0, "AUDIT SKIPPED"),
    ],
)
def test_the_audit_fails_on_what_is_known_and_says_what_it_could_not_ask(tmp_path, capsys, said, code, told) -> None:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec
    assert spec.loader
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    command = tmp_path / "pip-audit"
    command.write_text(f"#!/bin/sh\ncat <<'X'\n{json.dumps(said) if said else 'no answer'}\nX\n")
    command.chmod(stat.S_IRWXU)
    assert audit.main(str(command)) == code
    assert told in capsys.readouterr().out
