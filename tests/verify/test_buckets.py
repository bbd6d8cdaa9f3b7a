"""Buckets on a real S3 server, with CloudTrail's API on loopback: keys, metadata, other buckets, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import obstore
import pytest
from verify.awscli import kept
from verify.chains import HOUR, START, name, pairs, sound, stamp, to_bucket, to_folder

from trailwatch.aws import Access
from trailwatch.errors import SourceError
from trailwatch.verify.run import verify
from trailwatch.window import Window

WINDOW = Window(START, START + 12 * HOUR)


@pytest.fixture
def bucket(aws, api):
    """A bucket, and a function that verifies it."""
    made = aws.bucket()

    class Made:
        name, store = made, aws.store(made)

        @staticmethod
        def verify(store, where="", **options):
            return verify(store, f"s3://{made}/{where}", access=Access(), **{"window": WINDOW, **options})

    return Made


def test_a_sound_bucket_is_valid_and_keys_come_in_pages(bucket, api, store) -> None:
    api.page = 1
    to_bucket(sound(bucket=bucket.name, backfill=2, prefix="some/prefix"), bucket.store)
    done = bucket.verify(store)
    assert done.counts == {"digest": {"valid": 6}, "backfill digest": {"valid": 2}, "log": {"valid": 14}}
    assert done.source == f"s3://{bucket.name}/"
    assert {action for action, _ in api.calls} == {"ListPublicKeys"}
    # Once for the span of the window, in two pages.
    assert len(api.calls) == 2
    again = bucket.verify(store, "some/prefix")
    assert (again.known, again.bytes) == (14, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.pop("signature"), "signature"),
        (lambda found: found.pop("signature-algorithm"), "signature"),
        (lambda found: found.update(signature="ab" * 256), "signature"),
        (lambda found: found.update(signature="not hexadecimal"), "signature"),
    ],
    ids=["none", "no algorithm", "wrong", "not hexadecimal"],
)
def test_the_signature_in_the_metadata_counts(bucket, store, change, said) -> None:
    chain = sound(bucket=bucket.name)
    change(chain.objects[chain.digests[3].key].metadata)
    to_bucket(chain, bucket.store)
    done = bucket.verify(store)
    assert done.counts["digest"] == {"valid": 5, "invalid": 1}
    assert kept(store)["Digest", f"{bucket.name}/{chain.digests[3].key}"] == said


def test_a_backfill_digest_says_when_it_was_made(bucket, api, store) -> None:
    # Its key is that of another time than its hours: only the time of making finds it.
    api.keys = [
        pairs()[0].public(),
        pairs()[1].public() | {"ValidityStartTime": START.timestamp() + 50 * 3600, "ValidityEndTime": 4e9},
    ]
    chain = sound(bucket=bucket.name, hours=2, backfill=2)
    for digest in chain.digests:
        digest.pair = pairs()[0]
        digest.body["digestPublicKeyFingerprint"] = digest.pair.fingerprint
    chain.write()
    del chain.objects[chain.backfills[0].key].metadata["backfill-generation-timestamp"]
    to_bucket(chain, bucket.store)
    done = bucket.verify(store)
    assert done.counts["digest"] == {"valid": 2}
    assert done.counts["backfill digest"] == {"valid": 1, "invalid": 1}


def test_digests_and_logs_of_the_bucket_before(aws, bucket, store) -> None:
    """A trail that was pointed to another bucket: its chain goes on in the old one."""
    old = aws.bucket()
    chain = sound(bucket=bucket.name)
    for digest in chain.digests[:3]:
        digest.body["digestS3Bucket"] = old
        for entry in digest.body["logFiles"]:
            entry["s3Bucket"] = old
    chain.write()
    places = {digest.key: old for digest in chain.digests[:3]} | dict.fromkeys(chain.logs()[:6], old)
    for key, stored in chain.objects.items():
        store_of = aws.store(places.get(key, bucket.name))
        obstore.put(store_of, key, stored.data, attributes=stored.metadata or None)
    done = bucket.verify(store)
    assert done.counts == {"digest": {"valid": 6}, "log": {"valid": 12}}


def test_logs_in_a_bucket_that_is_gone_are_missing(bucket, store) -> None:
    chain = sound(bucket=bucket.name)
    for entry in chain.digests[2].body["logFiles"]:
        entry["s3Bucket"] = "no-such-bucket-anywhere"
    to_bucket(chain.write(), bucket.store)
    done = bucket.verify(store)
    assert done.counts["log"] == {"valid": 10, "missing": 2, "unnamed": 2}


def test_keys_that_are_refused_are_an_error_with_a_remedy(bucket, api, store) -> None:
    to_bucket(sound(bucket=bucket.name), bucket.store)
    api.refusal = (400, "AccessDeniedException")
    with pytest.raises(SourceError, match="cloudtrail:ListPublicKeys") as told:
        bucket.verify(store)
    assert "--keys" in str(told.value)
    assert not store.partitions("verdicts")


def test_saved_keys_and_signatures_prove_a_copy_without_aws(bucket, api, store, tmp_path, monkeypatch) -> None:
    chain = sound(bucket=bucket.name, backfill=2)
    to_bucket(chain, bucket.store)
    file = tmp_path / "keys.json"
    assert bucket.verify(store, save_keys=str(file)).keys == 2
    assert file.stat().st_mode & 0o077 == 0
    saved = json.loads(file.read_text())
    # Of each chain the newest alone: the others stand in the digest after them.
    assert {name(one["key"]) for one in saved["signatures"]} == {
        name(chain.digests[-1].key), name(chain.backfills[-1].key),
    }  # fmt: skip
    # What a later digest repeats is kept no longer.
    early = tmp_path / "early.json"
    bucket.verify(store, save_keys=str(early), window=Window(START, START + HOUR))
    bucket.verify(store, save_keys=str(early))
    assert json.loads(early.read_text())["signatures"] == saved["signatures"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", "http://127.0.0.1:9")
    done = verify(store, str(to_folder(chain, tmp_path / "copy")), keys=str(file))
    assert done.counts == {"digest": {"valid": 6}, "backfill digest": {"valid": 2}, "log": {"valid": 14}}


def test_a_bucket_is_verified_since_the_last_complete_run(bucket, store) -> None:
    chain = sound(bucket=bucket.name)
    to_bucket(chain, bucket.store)
    first = bucket.verify(store, window=None, now=START + 6 * HOUR)
    assert first.counts["digest"] == {"valid": 6}
    # Eight days later only the last three days and what came since are looked at.
    later = bucket.verify(store, window=None, now=START + 8 * 24 * HOUR)
    assert later.counts["digest"] == {"valid": 6}
    assert bucket.verify(store, window=None, now=START + 9 * 24 * HOUR).counts == {}


def test_a_bucket_that_is_not_there_is_one_sentence(aws, api, store) -> None:
    for where in ("s3://no-such-bucket-anywhere", "gs://bucket", "s3://"):
        with pytest.raises(SourceError) as told:
            verify(store, where, access=Access())
        assert len(str(told.value).splitlines()) == 1


def test_the_command_line_verifies_a_bucket(bucket, tmp_path, monkeypatch, capsys) -> None:
    from trailwatch import cli

    chain = sound(bucket=bucket.name)
    to_bucket(chain, bucket.store)
    monkeypatch.chdir(tmp_path)
    words = ["verify", f"s3://{bucket.name}", "--from", "2026-01-05", "--to", "2026-01-05", "--store", "store"]

    def run(*more: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["trailwatch", *words, *more])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return int(left.value.code or 0), capsys.readouterr().out

    assert run()[0] == 0
    obstore.delete(bucket.store, chain.logs()[0])
    code, told = run()
    assert code == 3
    assert f"MISSING   s3://{bucket.name}/{chain.logs()[0]}: not found" in told
    code, told = run("--format", "json")
    assert (code, json.loads(told)["tampered"]) == (3, 1)
    obstore.delete(bucket.store, chain.digests[-1].key)
    assert run("--strict")[0] == 3  # two logs are newer than what is left of the chain, but were proved before
    assert run("--strict", "--store", "another")[0] == 4
    assert stamp(START)[:10] in told
    assert Path("store").is_dir()
