"""A folder, or a file: what is listed, and what is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from trails import Tree, key, record

from trailwatch.errors import SourceError
from trailwatch.ingest.account import Account
from trailwatch.ingest.collect import read
from trailwatch.ingest.folder import Folder
from trailwatch.ingest.items import Gone, Item, Unreadable, Wanted


def listed(path: Path) -> dict[str, str]:
    return {Path(item.key).name: item.place.kind for item in Folder(str(path)).list(Wanted(), Account())}


def item(path: Path) -> Item:
    [found] = Folder(str(path)).list(Wanted(), Account())
    return found


def test_links_are_not_followed(tree: Tree, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(b"[]")
    outside = tmp_path / "outside"
    (outside / "AWSLogs").mkdir(parents=True)
    (outside / "AWSLogs" / "x.json").write_bytes(b"[]")
    (tree.root / "file.json").symlink_to(secret)
    (tree.root / "folder").symlink_to(outside)
    (tree.root / "loop").symlink_to(tree.root)
    (tree.root / "nowhere.json").symlink_to("missing")
    assert listed(tree.root) == dict.fromkeys(["file.json", "folder", "loop", "nowhere.json"], "symbolic link")
    _, account = read(str(tree.root))
    assert (account.skipped, account.balanced()) == ({"symbolic link": 4}, True)


def test_a_file_that_became_a_link_is_not_read(tree: Tree, tmp_path: Path) -> None:
    path = tree.put("a.json", [record()], packed=False)
    found = item(tree.root)
    (tmp_path / "secret").write_text("secret")
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(Unreadable):
        Folder(str(tree.root)).fetch(found)


def test_pipes_do_not_stop_the_rest(tree: Tree) -> None:
    os.mkfifo(tree.root / "pipe.json")
    tree.put("a.json", [record()])
    events, account = read(str(tree.root))
    assert (events.num_rows, account.skipped) == (1, {"special file": 1})


def test_a_file_that_is_gone_says_so(tree: Tree) -> None:
    path = tree.put("a.json", [record()])
    found = item(tree.root)
    path.unlink()
    with pytest.raises(Gone):
        Folder(str(tree.root)).fetch(found)


def test_names_that_are_no_utf8(tree: Tree) -> None:
    name = os.path.join(os.fsencode(tree.root), b"caf\xe9\\x41.json")  # noqa: PTH118 — bytes have no Path
    Path(os.fsdecode(name)).write_bytes(tree.put("b.json", [record()], packed=False).read_bytes())
    events, account = read(str(tree.root))
    assert (events.num_rows, account.failed) == (2, [])
    [odd] = [found.key for found in Folder(str(tree.root)).list(Wanted(), Account()) if "caf" in found.key]
    odd.encode()


def test_a_single_file_is_read_whatever_its_name(tree: Tree) -> None:
    for name in ("events", "events.txt", "events.json.gz", key()):
        events, account = read(str(tree.put(name, [record()], packed=name.endswith("gz"))))
        assert (events.num_rows, account.listed) == (1, 1), name


def test_the_same_file_has_the_same_number_however_it_is_named(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tree.put(key(), [record()])
    monkeypatch.chdir(tree.root)
    numbers = {item(at).object_id for at in (tree.root, path, Path(), Path("AWSLogs"), path.parent)}
    assert len(numbers) == 1


def test_a_missing_source_says_what_to_give() -> None:
    with pytest.raises(SourceError, match="s3://bucket/prefix"):
        read("/does/not/exist")
    for odd in ("gs://bucket/x", "s3://", "https://example.com"):
        with pytest.raises(SourceError, match="s3://bucket/prefix"):
            read(odd)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_counted(tree: Tree) -> None:
    tree.put("ok/a.json", [record()])
    closed = tree.put("closed/b.json", [record()]).parent
    closed.chmod(0)
    try:
        events, account = read(str(tree.root))
    finally:
        closed.chmod(0o700)
    assert (events.num_rows, account.failed_objects, account.balanced()) == (1, 1, True)
