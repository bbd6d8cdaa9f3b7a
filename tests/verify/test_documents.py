"""Digest files of any content: read, or refused in one sentence; and hashes as gzip's own library gives them."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from verify.chains import START, Chain, pack, pairs, sound

from trailwatch.ingest.items import Unreadable
from trailwatch.verify import document, names
from trailwatch.verify.document import NotADigest, read
from trailwatch.verify.hashing import Broken, sha256

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def good() -> dict[str, object]:
    chain = Chain().fill(random.Random(1), hours=2).write()
    body: dict[str, object] = chain.digests[1].body
    return body


GOOD = good()


def test_a_digest_says_what_was_written() -> None:
    chain = sound()
    first, last = (read(chain.objects[chain.digests[place].key].data) for place in (0, 5))
    assert (first.previous, first.previous_signature) == (None, None)
    assert last.previous is not None
    assert last.previous.key == chain.digests[4].key
    assert last.previous.signature == last.previous_signature
    assert len(last.logs) == 2
    assert first.to_sign().endswith(b"\nnull")
    assert (first.start, first.end_text) == (START, "2026-01-05T01:00:00Z")


@given(st.binary(max_size=300))
@example(b"\x1f\x8b")
@example(b"")
def test_bytes_of_any_kind_are_read_or_refused(data) -> None:
    for stored in (data, gzip.compress(data)):
        for plain in (False, True):
            with pytest.raises(NotADigest):
                read(stored, plain=plain)


@given(st.sampled_from(sorted(GOOD)), VALUES)
@example("logFiles", [{"s3Bucket": 1}])
@example("logFiles", None)
@example("digestEndTime", "2026-13-45T99:00:00Z")
@example("digestS3Object", "\ud800")
@example("digestStartTime", "0001-01-01T00:00:00+23:59")
def test_values_of_any_type_are_read_or_refused(field, value) -> None:
    body = GOOD | {field: value}
    stored = gzip.compress(json.dumps(body).encode())
    try:
        assert isinstance(read(stored).to_sign(), bytes)
    except NotADigest:
        with pytest.raises(NotADigest, match=r"^[^\n]+$"):
            read(stored)


@settings(max_examples=30)
@given(st.sampled_from(sorted(GOOD)))
def test_what_has_to_be_there_is_missed(field) -> None:
    needed = {
        "digestStartTime", "digestEndTime", "digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint",
        "previousDigestSignature", "logFiles",
    }  # fmt: skip
    body = {name: value for name, value in GOOD.items() if name != field}
    if field in needed:
        with pytest.raises(NotADigest):
            read(pack(body))
    else:
        read(pack(body))


def test_bombs_and_depths_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(document, "LARGEST", 1_000_000)
    for text in (
        b" " * 1_000_001,
        b"[" * 900_000,
        b'{"a":' * 150_000,
        json.dumps(GOOD).encode()[:-1] + b',"x":' + b"[" * 200_000,
    ):
        with pytest.raises(NotADigest):
            read(gzip.compress(text))
    with pytest.raises(Broken, match="more than 1,000 bytes"):
        sha256(gzip.compress(b"x" * 1_001), limit=1_000)


@given(st.binary(max_size=5_000), st.data())
def test_hashes_are_those_of_gzips_own_library(text, data) -> None:
    whole = gzip.compress(text)
    place = data.draw(st.integers(0, len(whole)))
    for stored in (
        whole,
        whole[:place],
        whole[:place] + b"\x00" + whole[place + 1 :],
        whole + b"x",
        whole + whole,
        text,
    ):
        assert _outcome(lambda stored=stored: sha256(stored)) == _outcome(lambda stored=stored: _plain(stored))


def _outcome(ask) -> bytes | str:
    try:
        return ask()
    except (Unreadable, zlib.error, EOFError):
        return "refused"


def _plain(stored: bytes) -> bytes:
    stream = zlib.decompressobj(31)
    text = stream.decompress(stored) + stream.flush()
    if stream.unused_data:
        raise zlib.error
    return hashlib.sha256(text).digest()


def test_large_logs_are_hashed_piece_by_piece() -> None:
    text = random.Random(1).randbytes(5_000_000) + b"a" * 20_000_000
    assert sha256(gzip.compress(text, 1)) == hashlib.sha256(text).digest()
    assert sha256(b"{}", plain=True) == hashlib.sha256(b"{}").digest()


@given(st.text(max_size=80))
def test_names_of_any_kind_are_read(text) -> None:
    names.digest(text)
    names.log(text)
    names.day(text)


@pytest.mark.parametrize("trail", ["a", "org_trail.v-1", "x_us-east-1_y", "a_b-2_c"])
def test_trails_with_odd_names_are_told_apart(trail) -> None:
    chain = Chain(trail=trail, region="us-gov-west-1", home="ap-southeast-2").fill(
        random.Random(1), hours=1, backfill=1
    )
    for digest in (*chain.digests, *chain.backfills):
        found = names.digest(digest.key)
        assert found is not None
        assert found[0] == names.Chain(chain.account, "us-gov-west-1", trail, "ap-southeast-2", digest.backfill)
        assert found[1] == digest.end


def test_times_that_do_not_exist_are_no_names() -> None:
    assert names.digest(GOOD["digestS3Object"].replace("20260105", "20261305")) is None  # type: ignore[attr-defined]
    assert names.log("111122223333_CloudTrail_eu-west-1_20260230T0010Z_0123456789abcdef.json.gz") is None
    assert names.log("111122223333_CloudTrail_eu-west-1_20260228T0010Z_0123456789abcdef.json.gz") == datetime(
        2026, 2, 28, 0, 10, tzinfo=UTC
    )
    assert names.day("x/2026/02/30/y") is None


def test_the_fingerprint_is_that_of_the_bytes_of_the_key() -> None:
    assert pairs()[0].fingerprint == hashlib.md5(pairs()[0].der, usedforsecurity=False).hexdigest()
