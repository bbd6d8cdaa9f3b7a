"""Copies of a bucket, sound and damaged in each way: what is said of each object, offline."""

from __future__ import annotations

import random

import pytest
from verify.chains import HOUR, START, Chain, Stored, name, pack, sound
from verify.damage import KINDS, make

from trailwatch.window import Window


def test_a_sound_chain_is_valid_throughout(copied) -> None:
    chain = sound(hours=30, backfill=2)
    done = copied(chain).verify()
    assert done.counts == {"digest": {"valid": 30}, "backfill digest": {"valid": 2}, "log": {"valid": 62}}
    assert (done.tampered, done.gap, done.problems) == (0, False, [])
    assert (done.first_time, done.last_time) == (START, START + 30 * HOUR)
    assert "30 valid" in done.text()


# The verdict and the class of reason that a kind of damage gives, and on what; None: nothing is wrong with a copy.
EXPECTED = {
    "sound": None, "gap": ("gap", "gap"), "unknown key": ("Digest", "key"), "another key": ("Digest", "signature"),
    "wrong previous hash": ("Digest", "hash of the next digest"), "wrong previous signature": ("Digest", "signature"),
    "log changed": ("Log", "hash"), "log flipped": ("Log", "format or hash"), "log cut": ("Log", "hash"),
    "log with more": ("Log", "more"), "log twice": ("Log", "more"), "log empty": ("Log", "hash"),
    "log deleted": ("Log", "missing"), "log moved": ("Log", "missing"), "log nobody signed": ("Log", "unnamed"),
    "digest changed": ("Digest", "signature"), "digest flipped": ("Digest", "format or signature"),
    "digest cut": ("Digest", "format"), "digest not JSON": ("Digest", "format"),
    "digest without end": ("Digest", "format"), "digest without fingerprint": ("Digest", "format"),
    "digest deleted": ("Digest", "missing"), "digest moved": ("Digest", "moved"),
    "digest in place of another": ("Digest", "moved"), "backfill changed": ("Digest", "signature"),
    "backfill log deleted": ("Log", "missing"),
    # A copy has no metadata and may be decompressed.
    "log not gzip": None, "digest not gzip": None, "digest with more": None,
}  # fmt: skip
IN_METADATA = {
    "no signature", "no algorithm", "wrong signature", "short signature", "signature not hexadecimal", "backfill undated",
}  # fmt: skip


def test_each_kind_of_damage_is_expected() -> None:
    assert set(KINDS) == set(EXPECTED) | IN_METADATA


@pytest.mark.parametrize("kind", EXPECTED)
def test_damage_is_told_and_nothing_else(copied, kind) -> None:
    copy = copied(make(random.Random(3), (kind,), hours=8))
    done = copy.verify()
    bad = {said for said in copy.verdicts().values() if said != "valid"}
    if EXPECTED[kind] is None:
        assert (done.tampered, bad) == (0, set())
        return
    what, said = EXPECTED[kind]
    assert bad & set(said.split(" or ")) or {said} & bad, (bad, done.text())
    allowed = {said, *said.split(" or ")} | ({"unnamed"} if kind == "log moved" else set())
    assert bad <= allowed | ({"missing"} if kind == "digest moved" else set()), done.text()
    assert done.tampered or what == "gap"


def test_what_the_copy_has_lost_is_not_proved_and_not_blamed(copied) -> None:
    chain = sound()
    done = copied(chain, signatures=False).verify()
    assert done.counts["digest"] == {"valid": 5, "unproven": 1}
    assert done.counts["log"] == {"valid": 10, "unproven": 2}
    assert not done.tampered
    assert done.gap


def test_regions_accounts_and_organization_trails_are_chains_of_their_own(copied) -> None:
    chains = [
        sound(1),
        sound(2, region="us-gov-west-1"),
        sound(3, account="444455556666", organization="o-exampleorg1"),
        sound(4, trail="another_trail"),
        sound(5, prefix="some/prefix"),
    ]
    copy = copied(*chains)
    done = copy.verify()
    assert done.counts == {"digest": {"valid": 30}, "log": {"valid": 60}}
    assert (done.accounts, done.regions) == ({"111122223333", "444455556666"}, {"eu-west-1", "us-gov-west-1"})
    (copy.root / chains[2].logs()[0]).unlink()
    again = copy.verify(accounts=["444455556666"])
    assert again.counts == {"digest": {"valid": 6}, "log": {"valid": 11, "missing": 1}}
    assert not copy.verify(regions=["us-gov-west-1"]).tampered


def test_a_folder_below_the_root_finds_the_digests_beside_it(copied) -> None:
    chain = sound()
    copy = copied(chain)
    copy.root = copy.root / f"AWSLogs/{chain.account}/CloudTrail/{chain.region}"
    assert copy.verify().counts == {"digest": {"valid": 6}, "log": {"valid": 12}}


def test_a_window_takes_the_digests_that_tell_of_it(copied) -> None:
    chain = sound(hours=12)
    window = Window(START + 3 * HOUR, START + 5 * HOUR)
    done = copied(chain).verify(window=window)
    # The digest that ends where the window begins, and the one of the hour after it, as awscli does.
    assert done.counts["digest"] == {"valid": 4}
    assert (done.first_time, done.last_time) == (START + 2 * HOUR, START + 6 * HOUR)


def test_a_chain_of_many_days_is_walked_across_spans(copied) -> None:
    chain = sound(hours=24 * 8)
    copy = copied(chain)
    assert copy.verify().counts == {"digest": {"valid": 192}, "log": {"valid": 384}}
    for digest in (chain.digests[24 * 3 - 1], chain.digests[100]):
        (copy.root / digest.key).unlink()
    done = copy.verify()
    # After a digest that is gone, the one before has lost its signature too.
    assert done.counts["digest"] == {"valid": 188, "missing": 2, "unproven": 2}
    assert not done.counts["log"].get("unnamed")


def test_logs_near_the_ends_of_the_chain_are_not_blamed(copied) -> None:
    chain = sound(hours=6)
    chance = random.Random(9)
    early, late, inside = START - HOUR, START + 8 * HOUR, START + 3 * HOUR
    extra = {chain.log(chance, moment): moment for moment in (early, late, inside)}
    copy = copied(chain)
    done = copy.verify()
    assert done.counts["log"] == {"valid": 12, "unproven": 2, "unnamed": 1}
    assert [problem.where for problem in done.problems] == [
        str(copy.root / next(key for key, moment in extra.items() if moment == inside))
    ]
    assert set(done.reasons) == {"newer than the newest digest", "no good digest tells of its hour"}


def test_logs_of_the_running_hour_are_pending_and_no_gap(copied) -> None:
    chain = sound()
    chain.log(random.Random(9), START + 7 * HOUR)
    copy = copied(chain)
    done = copy.verify(now=START + 7 * HOUR)
    assert done.counts["log"] == {"valid": 12, "pending": 1}
    assert (done.tampered, done.gap) == (0, False)
    assert copy.verify(now=START + 12 * HOUR).counts["log"] == {"valid": 12, "unproven": 1}


def test_a_window_does_not_doubt_what_was_proved_before_it(copied) -> None:
    chain = sound()
    copy = copied(chain)
    assert not copy.verify().gap
    # The digest of the fourth hour ends before the window, the window begins with logs that it names.
    window = Window(START + 3.2 * HOUR, START + 6 * HOUR)
    (copy.root / chain.digests[3].key).unlink()
    done = copy.verify(window=window)
    assert done.counts["log"]["valid"] == 6
    assert "unnamed" not in done.counts["log"]
    (copy.root / chain.logs()[6]).write_bytes(pack({"Records": []}))
    assert copy.verify(window=window).counts["log"]["unproven"] == 1


def test_without_digests_nothing_is_proved(copied) -> None:
    chain = sound()
    for digest in chain.digests:
        del chain.objects[digest.key]
    done = copied(chain).verify()
    assert done.counts == {"log": {"unproven": 12}}
    assert done.reasons == {"no digests here": 12}
    assert (done.tampered, done.gap) == (0, True)


def test_what_was_good_is_not_read_again(copied) -> None:
    chain = sound()
    copy = copied(chain)
    assert copy.verify().known == 0
    done = copy.verify()
    assert (done.known, done.bytes, done.counts["log"]) == (12, 0, {"valid": 12})
    rows = copy.store.partitions("verdicts")
    path = copy.root / chain.logs()[4]
    path.write_bytes(pack({"Records": []}))
    done = copy.verify()
    assert (done.known, done.counts["log"]) == (11, {"valid": 11, "invalid": 1})
    # Only what is another than before is written down.
    assert sum(count for files in copy.store.partitions("verdicts").values() for _, count in files) \
        == 1 + sum(count for files in rows.values() for _, count in files)  # fmt: skip
    assert copy.verdicts()[name(chain.logs()[4])] == "hash"
    path.write_bytes(chain.objects[chain.logs()[4]].data)
    assert copy.verify().tampered == 0
    assert copy.verdicts()[name(chain.logs()[4])] == "valid"


def test_a_run_that_is_cut_off_goes_on(copied, monkeypatch) -> None:
    from trailwatch.verify import book, hashing, logs

    chain = sound(hours=24)
    copy = copied(chain)
    monkeypatch.setattr(book, "_ROWS", 5)
    seen = 0

    def hash_or_die(*given, **options):
        nonlocal seen
        seen += 1
        if seen > 30:
            raise KeyboardInterrupt
        return hashing.sha256(*given, **options)

    monkeypatch.setattr(logs, "sha256", hash_or_die)
    with pytest.raises(KeyboardInterrupt):
        copy.verify(threads=1)
    monkeypatch.setattr(logs, "sha256", hashing.sha256)
    done = copy.verify()
    assert done.counts["log"] == {"valid": 48}


def test_a_digest_that_may_still_come_is_not_missed_yet(copied) -> None:
    chain = sound()
    copy = copied(chain)
    (copy.root / chain.digests[4].key).unlink()
    done = copy.verify(now=START + 6.5 * HOUR)
    assert done.counts["digest"] == {"valid": 4, "pending": 1, "unproven": 1}
    assert not done.tampered
    assert "not delivered yet" in done.text()
    assert copy.verify(now=START + 9 * HOUR).counts["digest"]["missing"] == 1


def test_other_kinds_of_logs_that_a_digest_names_are_hashed_too(copied) -> None:
    chain = Chain().fill(random.Random(1), hours=3)
    key = f"AWSLogs/{chain.account}/CloudTrail-Insight/{chain.region}/2026/01/05/{chain.account}_CloudTrail-Insight.json.gz"
    chain.objects[key] = Stored(pack({"Records": []}))
    chain.digests[1] = chain._digest(START + 2 * HOUR, [key], chain.digests[1].pair, backfill=False)
    copy = copied(chain.write())
    assert copy.verify().counts["digest"] == {"valid": 3}
    assert copy.verdicts()[name(key)] == "valid"
    (copy.root / key).write_bytes(b"{}")
    copy.verify()
    assert copy.verdicts()[name(key)] == "hash"
