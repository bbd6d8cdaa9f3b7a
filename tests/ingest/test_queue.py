"""A queue as a source: every form of message, deleted only when the ledger has its objects, and nothing lost."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from moto.server import ThreadedMotoServer
from servers import REGION, S3Server
from trails import key, record, text

import trailwatch as tw
from trailwatch import cli
from trailwatch.aws import Access
from trailwatch.errors import ConfigError, SourceError
from trailwatch.ingest import messages, notices
from trailwatch.ingest.messages import drain
from trailwatch.ingest.queue import is_queue
from trailwatch.store.commits import StoreConflict
from trailwatch.store.tables import Store

NOW = datetime(2026, 1, 10, 6, tzinfo=UTC)
DAY_LATER = datetime(2026, 1, 11, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """SQS on a port of this machine."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True)
class Desk:
    """A queue, a bucket beside it, and a store."""

    client: Any
    url: str
    aws: S3Server
    bucket: str
    store: Store

    def put(self, number: int, *records: dict[str, Any], **place: Any) -> str:
        """Write an object and return its key; nobody is told."""
        at = key(number, **place)
        self.aws.put(self.bucket, at, gzip.compress(text(records or [record(number)])))
        return at

    def tell(self, body: Any) -> None:
        """Send a message."""
        self.client.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def drain(self, where: str = "", **options: Any) -> Any:
        """Read what the queue names."""
        return drain(self.store, where or self.url, access=Access(), **options)

    def left(self) -> int:
        """How many messages the queue holds, also those that are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture
def desk(aws: S3Server, moto: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", moto)
    client = boto3.client("sqs", endpoint_url=moto, region_name=REGION)
    name = f"trail-{uuid.uuid4().hex[:8]}"
    return Desk(client, client.create_queue(QueueName=name)["QueueUrl"], aws, aws.bucket(), store)


def created(bucket: str, *keys: str, event: str = "ObjectCreated:Put", **said: Any) -> dict[str, Any]:
    """A notification as S3 sends it."""
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2026-01-05T10:05:00.000Z",
        "eventName": event, "s3": {
            "s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(one, safe="/"), "sequencer": "0055AED6DCD90281E5"} | said,
        },
    } for one in keys]}  # fmt: skip


def through_sns(body: Any) -> dict[str, Any]:
    """A message that a topic sends on."""
    return {"Type": "Notification", "MessageId": "1", "TopicArn": f"arn:aws:sns:{REGION}:1:t", "Message": json.dumps(body),
            "Timestamp": "2026-01-05T10:05:00.000Z"}  # fmt: skip


def bridged(bucket: str, at: str, kind: str = "Object Created") -> dict[str, Any]:
    """An event of EventBridge."""
    return {"version": "0", "id": "1", "detail-type": kind, "source": "aws.s3", "time": "2026-01-05T10:05:00Z",
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": at}}}  # fmt: skip


def ids(store: Store, tmp: Any = None) -> list[str]:
    from trailwatch.engine import Engine

    with Engine() as engine:
        store.show(engine, "events")
        return [name for (name,) in engine.rows("select event_id from events order by 1")]


def test_every_form_names_its_objects(desk) -> None:
    one, two, three, four, five = (desk.put(number) for number in range(1, 6))
    desk.tell({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": desk.bucket})
    desk.tell(created(desk.bucket, one))
    desk.tell(through_sns(created(desk.bucket, two)))
    desk.tell(through_sns({"s3Bucket": desk.bucket, "s3ObjectKey": [three, four]}))
    desk.tell(bridged(desk.bucket, five))
    account = desk.drain()
    assert (account.read, account.events, account.balanced()) == (5, 5, True)
    assert account.messages == {"received": 5, "tests": 1, "naming objects": 4, "deleted": 5}
    assert len(ids(desk.store)) == 5
    assert desk.left() == 0


def test_a_message_that_comes_twice_reads_nothing_twice(desk) -> None:
    at = desk.put(1)
    desk.tell(created(desk.bucket, at))
    desk.tell(created(desk.bucket, at))
    assert desk.drain().events == 1
    desk.tell(created(desk.bucket, at))
    again = desk.drain()
    assert (again.known, again.read, again.messages["deleted"]) == (1, 0, 1)
    assert desk.left() == 0


def test_what_is_not_understood_stays_and_is_told(desk) -> None:
    desk.tell("hello")
    desk.tell({"Records": []})
    desk.tell({"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe"})
    desk.tell("[" * 10_000)
    desk.tell(created(desk.bucket, desk.put(1)))
    account = desk.drain()
    assert account.messages["not understood"] == 4
    assert account.messages["stay in the queue"] == 4
    assert account.gap
    assert account.text().count("MESSAGE that stays in the queue") == 4
    assert "SNS SubscriptionConfirmation" in account.text()
    assert (account.events, desk.left()) == (1, 4)


def test_an_object_that_cannot_be_read_keeps_its_message(desk) -> None:
    broken = key(2)
    desk.aws.put(desk.bucket, broken, b"cut off")
    desk.tell(created(desk.bucket, desk.put(1), broken))
    desk.tell(created(desk.bucket, key(3)))
    account = desk.drain()
    assert (account.read, account.failed_objects, account.balanced()) == (1, 2, True)
    assert [one["reason"] for one in account.bad_messages] == [f"{at} could not be read" for at in (broken, key(3))]
    assert desk.left() == 2


def test_nothing_is_deleted_before_the_ledger_has_it(desk, monkeypatch) -> None:
    desk.tell(created(desk.bucket, desk.put(1)))
    append = Store.append

    def failing(store: Store, table: str, rows: Any) -> None:
        if table == "objects":
            raise StoreConflict("the ledger cannot be written")
        append(store, table, rows)

    monkeypatch.setattr(Store, "append", failing)
    with pytest.raises(StoreConflict):
        desk.drain()
    assert desk.left() == 1


def test_removals_and_neighbours_are_counted(desk) -> None:
    desk.tell(created(desk.bucket, key(1), event="ObjectRemoved:Delete"))
    desk.tell(bridged(desk.bucket, key(1), "Object Deleted"))
    desk.tell(bridged(desk.bucket, key(1), "Object Restore Completed"))
    desk.tell(created(desk.bucket, "readme.json", key(1, kind="CloudTrail-Digest"), size=3, eTag="e"))
    account = desk.drain()
    assert account.messages == {
        "received": 4,
        "of removed objects": 2,
        "of other events": 1,
        "naming objects": 1,
        "deleted": 4,
    }
    assert (account.skipped, account.balanced()) == ({"unrecognised": 1, "CloudTrail-Digest": 1}, True)
    assert desk.left() == 0


def test_objects_elsewhere_are_not_touched(desk) -> None:
    other = desk.aws.bucket()
    desk.aws.put(other, key(9), gzip.compress(text([record(9)])))
    desk.tell(created(other, key(9)))
    desk.tell(created(desk.bucket, desk.put(1)))
    account = desk.drain(listing=f"s3://{desk.bucket}", now=NOW)
    assert account.events == 1
    assert account.bad_messages[0]["reason"] == f"names an object outside of s3://{desk.bucket}"
    assert desk.left() == 1


def test_a_listing_finds_what_no_message_named(desk) -> None:
    desk.tell(created(desk.bucket, desk.put(1)))
    desk.put(2)
    first = desk.drain(listing=f"s3://{desk.bucket}", now=NOW)
    assert (first.read, first.unannounced, first.known, first.balanced()) == (2, 1, 1, True)
    desk.put(3)
    assert desk.drain(listing=f"s3://{desk.bucket}", now=NOW).listed == 0
    late = desk.drain(listing=f"s3://{desk.bucket}", now=NOW, reconcile=True)
    assert (late.unannounced, late.known) == (1, 2)
    assert "named by no message: 1 objects" in late.text()
    desk.put(4, day="2026-01-10")
    assert desk.drain(listing=f"s3://{desk.bucket}", now=DAY_LATER).unannounced == 1


def test_many_messages_are_read_in_rounds(desk, monkeypatch) -> None:
    monkeypatch.setattr(messages, "ROUND", 10)
    for number in range(25):
        desk.tell(created(desk.bucket, desk.put(number)))
    account = desk.drain()
    assert (account.events, account.messages["deleted"], desk.left()) == (25, 25, 0)


def test_the_command_line_takes_a_queue_by_name(desk, tmp_path, monkeypatch, capsys) -> None:
    desk.tell(created(desk.bucket, desk.put(1)))
    desk.tell("hello")
    line = [
        "trailwatch",
        "ingest",
        f"sqs://{desk.url.rpartition('/')[2]}",
        "--store",
        str(tmp_path / "cli"),
        "--strict",
    ]
    monkeypatch.setattr("sys.argv", [*line, "--bucket", f"s3://{desk.bucket}"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == cli.GAPS
    told = capsys.readouterr().out
    assert "1 events from 1 objects" in told
    assert "2 received, 1 naming objects, 1 not understood, 1 deleted, 1 stay in the queue" in told


def test_a_queue_that_is_not_there_is_one_sentence(desk) -> None:
    with pytest.raises(SourceError, match="sqs:GetQueueUrl"):
        desk.drain("sqs://nowhere")
    with pytest.raises(SourceError, match="is not a queue"):
        desk.drain("sqs://no/such/name")


def test_a_queue_is_not_narrowed(tmp_path) -> None:
    with pytest.raises(ConfigError, match="read as a whole"):
        tw.open(str(tmp_path / "s"), config=tw.Config(), create=True).ingest("sqs://trail", start="T-1d")


@pytest.mark.parametrize(("where", "queue"), [
    ("sqs://trail", True), ("https://sqs.eu-west-1.amazonaws.com/111122223333/trail", True),
    ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/trail", True), ("s3://bucket/sqs", False), ("logs", False),
])  # fmt: skip
def test_queues_are_known_by_their_names(where, queue) -> None:
    assert is_queue(where) is queue


def test_keys_are_decoded_once() -> None:
    said = notices.read(json.dumps(created("b", "a b/c+d%")))
    assert said.objects[0].key == "a b/c+d%"
    assert notices.read(json.dumps(bridged("b", "a+b"))).objects[0].key == "a+b"
