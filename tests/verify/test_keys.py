"""Keys: of CloudTrail's answer and of files, and files that are something else."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from verify.chains import HOUR, START, pairs

from trailwatch.aws import Access, Caller
from trailwatch.errors import ConfigError
from trailwatch.verify import keyfile
from trailwatch.verify.keys import Key, Live, Saved, signed

SPAN = {"first": START, "last": START + HOUR}


def test_a_signature_is_that_of_its_text_alone() -> None:
    one, other, _ = pairs()
    key, stranger = (Key(pair.fingerprint, pair.der).load() for pair in (one, other))
    assert key
    assert stranger
    signature = one.sign("text")
    assert signed(key, signature, b"text")
    assert signed(key, signature.upper(), b"text")
    for text, said in (
        (b"other", signature),
        (b"text", signature[:-2]),
        (b"text", ""),
        (b"text", "zz"),
        (b"text", "é"),
    ):
        assert not signed(key, said, text)
    assert not signed(stranger, signature, b"text")


def test_bytes_that_are_no_rsa_key_are_none() -> None:
    assert Key("x", b"nothing").load() is None
    assert Saved([Key("x", b"nothing")]).find("eu-west-1", "x", **SPAN) is None


def test_a_saved_key_serves_its_region_or_all() -> None:
    one, other, _ = pairs()
    ring = Saved([Key(one.fingerprint, one.der, "eu-west-1"), Key(other.fingerprint, other.der)])
    assert ring.find("eu-west-1", one.fingerprint, **SPAN)
    assert ring.find("us-east-1", one.fingerprint, **SPAN) is None
    assert ring.find("us-east-1", other.fingerprint, **SPAN)
    assert set(ring.used) == {("eu-west-1", one.fingerprint), ("", other.fingerprint)}


def test_each_region_and_span_is_asked_once(api) -> None:
    ring = Live(Caller(Access()))
    for _ in range(3):
        assert ring.find("eu-west-1", pairs()[0].fingerprint, **SPAN)
        assert ring.find("eu-west-1", "unknown", **SPAN) is None
    assert len(api.calls) == 1
    # Two hours more than the span: a digest is signed after its hour.
    assert api.calls[0][1] == {"StartTime": START.timestamp(), "EndTime": (START + 3 * HOUR).timestamp()}
    assert ring.find("eu-west-1", "unknown", first=START - timedelta(1), last=START) is None
    assert ring.find("us-east-1", pairs()[0].fingerprint, **SPAN)
    assert len(api.calls) == 3


def test_a_refusal_is_remembered(api) -> None:
    api.refusal = (400, "AccessDeniedException")
    ring = Live(Caller(Access()))
    for moment in (START, START - timedelta(9)):
        assert ring.find("eu-west-1", "x", first=moment, last=moment) is None
    assert "ListPublicKeys" in ring.failure("eu-west-1")
    assert ring.failure("us-east-1") == ""
    assert len(api.calls) == 1


def test_what_awscli_printed_is_a_file_of_keys(tmp_path) -> None:
    path = tmp_path / "printed.json"
    path.write_text(json.dumps({"PublicKeyList": [pairs()[0].public()]}))
    (key,) = keyfile.load(str(path)).keys()
    assert (key.value, key.region) == (pairs()[0].der, "")


def test_saving_adds_to_what_is_there(tmp_path) -> None:
    path = str(tmp_path / "keys.json")
    one, other, _ = pairs()
    told = keyfile.Signature("b", "k", "ab", "")
    none = keyfile.Keyfile([])
    assert keyfile.save(path, none, [Key(one.fingerprint, one.der, "eu-west-1")], {("b", "k"): told}) == 1
    assert keyfile.save(path, keyfile.load(path), [Key(other.fingerprint, other.der, "eu-west-1")], {}) == 2
    found = keyfile.load(path)
    assert {key.value for key in found.keys()} == {one.der, other.der}  # noqa: SIM118 — not a dict
    assert found.signatures == [told]
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    keyfile.save(path, found, [], {}, superfluous={("b", "k")})
    assert keyfile.load(path).signatures == []


@pytest.mark.parametrize("text", [
    "", "[]", "{}", "null", '{"PublicKeyList": [{}]}', '{"PublicKeyList": [{"Fingerprint": 1, "Value": "x"}]}',
    '{"PublicKeyList": [{"Fingerprint": "a", "Value": "not base64!"}]}', '{"PublicKeyList": ' + "[" * 100_000,
    '{"PublicKeyList": [], "signatures": [{"bucket": "b"}]}',
])  # fmt: skip
def test_files_that_hold_no_keys_are_one_sentence(tmp_path, text) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="holds no keys") as told:
        keyfile.load(str(path))
    assert len(str(told.value).splitlines()) == 1
    assert told.value.where == "--keys"


def test_a_file_that_is_not_there_or_cannot_be_written(tmp_path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        keyfile.load(str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="cannot be written"):
        keyfile.save(str(tmp_path / "none" / "keys.json"), keyfile.Keyfile([]), [], {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        keyfile.save(str(tmp_path / "folder"), keyfile.Keyfile([]), [], {})
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_values_are_base64_as_aws_prints_them() -> None:
    assert base64.b64decode(pairs()[0].public()["Value"]) == pairs()[0].der
