"""Records of many objects as one Arrow column that points into the objects' own bytes: nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trailwatch.ingest import redact
from trailwatch.ingest.keys import NO_DAY
from trailwatch.ingest.limits import Limits
from trailwatch.ingest.split import Split

# The 16 bytes of Arrow's string view: length, first four bytes, buffer, offset; up to 12 bytes stand in the view itself.
_VIEW = np.dtype([("length", "<i4"), ("prefix", "<u4"), ("buffer", "<i4"), ("offset", "<i4")])
_INLINE = 12
_HEAD = len('{"Records":[')
_EPOCH = date(1970, 1, 1)
_SHOWN = 65_536  # of a record beyond the limit, this much is kept

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unread:
    """Text that did not become a record of JSON, without session tokens."""

    object_id: int
    day: date
    reason: str
    text: str


@dataclass
class Batch:
    """Records that wait to be decoded together."""

    limits: Limits = field(default_factory=Limits)
    size: int = 0
    count: int = 0
    unread: list[Unread] = field(default_factory=list)
    _buffers: list[bytes] = field(default_factory=list)
    _views: list[npt.NDArray[Any]] = field(default_factory=list)
    _object_ids: list[int] = field(default_factory=list)
    _days: list[int] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)

    def add(self, split: Split, *, object_id: int = 0, day: date | None = None) -> None:
        """Take the records of one object, each without session tokens."""
        day = day or NO_DAY
        for text, reason in split.broken:
            self.unread.append(Unread(object_id, day, reason, redact.broken(text[: self.limits.record])))
        if not split.raws:
            return
        lengths: Numbers = np.fromiter(map(len, split.raws), np.int64, len(split.raws))
        starts: Numbers = np.zeros(len(lengths), np.int64)
        np.cumsum(lengths[:-1] + split.compact, out=starts[1:])
        data = split.data
        if split.compact:
            starts += _HEAD
        else:
            data = b"".join(split.raws)
        views = self._point(data, starts, lengths)
        self._replace_tokens(views, data, starts, lengths)
        large = lengths > self.limits.record
        if large.any():
            for index in np.flatnonzero(large):
                start, length = int(starts[index]), int(lengths[index])
                text = redact.broken(data[start : start + min(length, _SHOWN)].decode("utf-8", "replace"))
                reason = f"larger than {self.limits.record:,} bytes"
                self.unread.append(Unread(object_id, day, reason, text))
            views = views[~large]
        self._views.append(views)
        self._object_ids.append(object_id)
        self._days.append((day - _EPOCH).days)
        self._counts.append(len(views))
        self.count += len(views)
        self.size += len(data)

    def table(self) -> pa.Table:
        """Return the records as the relation `arriving`."""
        views = np.concatenate(self._views) if self._views else np.empty(0, _VIEW)
        buffers = [None, pa.py_buffer(views), *map(pa.py_buffer, self._buffers)]
        return pa.table(
            {
                "raw": pa.Array.from_buffers(pa.string_view(), len(views), buffers),
                "object_id": pa.array(np.repeat(np.array(self._object_ids, np.int64), self._counts)),
                "key_day": pa.array(np.repeat(np.array(self._days, np.int32), self._counts)).cast(pa.date32()),
            }
        )

    def _point(self, data: bytes, starts: Numbers, lengths: Numbers) -> npt.NDArray[Any]:
        views = np.zeros(len(starts), _VIEW)
        views["length"], views["offset"], views["buffer"] = lengths, starts, len(self._buffers)
        array = np.frombuffer(data, np.uint8)
        if int(lengths.min()) > _INLINE:
            views["prefix"] = array[starts[:, None] + np.arange(4)].copy().view("<u4")[:, 0]
        else:
            for view, start, length in zip(views, starts, lengths, strict=True):
                self._write(view, data[start : start + length])
        self._buffers.append(data)
        return views

    def _replace_tokens(self, views: npt.NDArray[Any], data: bytes, starts: Numbers, lengths: Numbers) -> None:
        at = redact.positions(data)
        if not len(at):
            return
        cleaned: dict[int, bytes] = {}
        for index in np.unique(np.searchsorted(starts, at, side="right") - 1):
            raw = data[starts[index] : starts[index] + lengths[index]] if index >= 0 else b""
            clean = redact.record(raw)
            if clean != raw:
                cleaned[int(index)] = clean
        if not cleaned:
            return
        offset = 0
        for index, clean in cleaned.items():
            views[index]["offset"], views[index]["buffer"] = offset, len(self._buffers)
            self._write(views[index], clean)
            lengths[index] = len(clean)
            offset += len(clean)
        self._buffers.append(b"".join(cleaned.values()))

    @staticmethod
    def _write(view: Any, text: bytes) -> None:
        view["length"] = len(text)
        if len(text) > _INLINE:
            view["prefix"] = int.from_bytes(text[:4], "little")
        else:
            padded = text.ljust(_INLINE, b"\x00")
            view["prefix"], view["buffer"], view["offset"] = np.frombuffer(padded, "<u4")
