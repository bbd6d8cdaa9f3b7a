"""How long it takes to list many keys: page by page, and with the days of a region side by side.

    pytest -m bench -n 0 -s tests/bench/test_listing.py

The server is a small one of our own that waits before each answer, as S3 does: from afar a page takes some 50 to 100 ms.
TRAILWATCH_BENCH_KEYS sets the number of keys (100,000), all of one account and region, over thirty days.
"""

from __future__ import annotations

import bisect
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest
from obstore.store import S3Store
from trails import key

from trailwatch.ingest import bucket
from trailwatch.ingest.account import Account
from trailwatch.ingest.items import Wanted

pytestmark = [pytest.mark.bench, pytest.mark.timeout(0)]

KEYS = int(os.environ.get("TRAILWATCH_BENCH_KEYS", "100000"))
DELAY = 0.05  # seconds


class Lister(BaseHTTPRequestHandler):
    """ListObjectsV2 over sorted keys."""

    protocol_version = "HTTP/1.1"
    keys: list[str]
    calls = 0

    def do_GET(self) -> None:
        time.sleep(DELAY)
        type(self).calls += 1
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        prefix, after = asked.get("prefix", ""), asked.get("continuation-token") or asked.get("start-after", "")
        place = max(bisect.bisect_left(self.keys, prefix), bisect.bisect_right(self.keys, after))
        found, folders, last = [], [], ""
        while place < len(self.keys) and self.keys[place].startswith(prefix) and len(found) + len(folders) < 1000:
            last = self.keys[place]
            below, slash, _ = last[len(prefix) :].partition("/")
            if asked.get("delimiter") and slash:
                folders.append(f"{prefix}{below}/")
                place = bisect.bisect_left(self.keys, f"{prefix}{below}0")  # `0` comes after `/`
            else:
                found.append(last)
                place += 1
        more = place < len(self.keys) and self.keys[place].startswith(prefix)
        body = "".join(
            f"<Contents><Key>{escape(at)}</Key><LastModified>2026-01-05T10:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
            f"<Size>900</Size></Contents>" for at in found
        ) + "".join(f"<CommonPrefixes><Prefix>{escape(at)}</Prefix></CommonPrefixes>" for at in folders)  # fmt: skip
        token = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if more else ""
        text = (f'<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>{str(more).lower()}</IsTruncated>'
                f"{token}{body}</ListBucketResult>").encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(keys: list[str]) -> Iterator[S3Store]:
    """Serve keys, and give a client."""
    Lister.keys = sorted(keys)
    with ThreadingHTTPServer(("127.0.0.1", 0), Lister) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield S3Store("b", endpoint=f"http://127.0.0.1:{server.server_address[1]}", region="us-east-1",
                      skip_signature=True, client_options={"allow_http": True})  # fmt: skip
        server.shutdown()


def test_days_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [key(number, day=f"2026-01-{number % 30 + 1:02d}") for number in range(KEYS)]
    rates = {}
    with serving(keys) as client:
        for name, serial in (("page by page", 10**9), ("days side by side", bucket._SERIAL)):
            monkeypatch.setattr(bucket, "_SERIAL", serial)
            Lister.calls = 0
            begun = time.perf_counter()
            found = sum(1 for _ in bucket.Bucket("b", "", client).list(Wanted(), Account()))
            seconds = time.perf_counter() - begun
            assert found == KEYS
            rates[name] = found / seconds
            print(f"{name:<18} {found:,} keys in {seconds:5.1f} s, {rates[name]:8,.0f} keys/s, {Lister.calls} requests")
    print(f"side by side is {rates['days side by side'] / rates['page by page']:.1f} × page by page")
