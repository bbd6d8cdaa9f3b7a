"""Copies that somebody prepared: names that lead elsewhere, links, loops, forged digests, unreadable files."""

from __future__ import annotations

import gzip
import json
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from verify.chains import START, Chain, name, pack, sign, sound

from trailwatch.errors import SourceError
from trailwatch.window import Window


def test_a_head_that_nobody_proves_cannot_blame_the_digest_before_it(copied) -> None:
    chain = sound()
    body = json.loads(gzip.decompress(chain.objects[chain.digests[-1].key].data))
    chain.objects[chain.digests[-1].key].data = pack(body | {"previousDigestSignature": "ab" * 256})
    done = copied(chain, signatures=False).verify()
    assert done.counts["digest"] == {"unproven": 2, "valid": 4}
    assert not done.tampered


def test_logs_are_asked_for_only_by_good_digests(copied) -> None:
    chain = sound()
    forged = json.loads(gzip.decompress(chain.objects[chain.digests[2].key].data))
    forged["logFiles"] = [forged["logFiles"][0] | {"hashValue": "0" * 64}]
    chain.objects[chain.digests[2].key] = sign(forged, chain.digests[1].pair)
    chain.objects[chain.digests[2].key].data = pack(forged | {"awsAccountId": "9" * 12})
    copy = copied(chain)
    done = copy.verify()
    assert done.counts["digest"] == {"valid": 5, "invalid": 1}
    assert done.counts["log"] == {"valid": 10, "unproven": 2}
    assert done.reasons == {"the digest of its hour is not good": 2}


@pytest.mark.parametrize(
    "key", ["../../../etc/passwd", "AWSLogs/../../x", "/etc/passwd", "a\x00b", "", "AWSLogs/\x1b[31m"]
)
def test_names_that_lead_elsewhere_open_nothing(copied, tmp_path, key) -> None:
    """Even a signed digest cannot make us read outside of the copy."""
    chain = Chain().fill(random.Random(1), hours=3)
    (tmp_path / "x").write_bytes(pack({"Records": []}))
    chain.objects.clear()
    for digest in chain.digests:
        digest.body["logFiles"] = []
    chain.digests[1].body["logFiles"] = [
        {"s3Bucket": "b", "s3Object": key, "hashValue": "0" * 64, "hashAlgorithm": "SHA-256"}
    ]
    done = copied(chain.write()).verify()
    assert done.counts["digest"] == {"valid": 3}
    assert done.counts["log"] == {"missing": 1}


def test_what_cannot_be_read_is_no_verdict_and_is_read_again(copied, monkeypatch) -> None:
    from trailwatch.verify import run

    chain = sound()
    chain.objects[chain.logs()[3]].data = gzip.compress(random.Random(1).randbytes(9_000))
    copy = copied(chain)
    monkeypatch.setattr(run, "LARGEST", 8_000)
    done = copy.verify()
    assert done.counts["log"] == {"valid": 11, "unread": 1}
    assert "8,000 bytes" in done.text()
    assert (done.tampered, done.gap) == (0, True)
    assert name(chain.logs()[3]) not in copy.verdicts()
    monkeypatch.undo()
    assert copy.verify().counts["log"] == {"valid": 11, "invalid": 1}


def test_names_that_are_no_text_are_told_and_not_obeyed(copied) -> None:
    chain = sound(hours=30)
    copy = copied(chain)
    folder = os.fsencode((copy.root / chain.logs()[6]).parent)
    for odd in (b"111122223333_CloudTrail_\xff.json.gz", b"\x1b[31m.json.gz"):
        Path(os.fsdecode(folder + b"/" + odd)).write_bytes(b"{}")
    # Their names say no minute: the middle of their day counts.
    assert copy.verify().counts["log"] == {"valid": 60, "unnamed": 2}


def test_links_are_not_followed(copied, tmp_path) -> None:
    chain = sound()
    copy = copied(chain)
    path = copy.root / chain.logs()[0]
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert copy.verify().counts["log"] == {"valid": 11, "missing": 1}


def test_a_chain_that_comes_back_to_itself_ends(copied) -> None:
    chain = Chain().fill(random.Random(1), hours=4)
    last = chain.digests[3]
    chain.digests[1].body["override"] = {
        "previousDigestS3Bucket": "trail", "previousDigestS3Object": last.key, "previousDigestHashValue": "0" * 64,
    }  # fmt: skip
    done = copied(chain.write()).verify()
    assert sum(done.counts["digest"].values()) <= 8


def test_a_folder_that_is_not_there_is_one_sentence(copied, tmp_path) -> None:
    copy = copied(sound())
    copy.root = tmp_path / "nothing"
    with pytest.raises(SourceError, match="no such folder"):
        copy.verify()


def test_an_empty_folder_says_so(copied, tmp_path) -> None:
    copy = copied()
    copy.root.mkdir()
    done = copy.verify()
    assert "no digests and no logs" in done.text()
    assert copy.verify(window=Window(START, START + timedelta(days=1))).counts == {}
