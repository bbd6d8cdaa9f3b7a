"""Make an organisation's CloudTrail logs from a seed: habits, a story, and what looks like one.

dice and furniture: chance, stock · calls and records: apis, records, callers · who: people, habits, workloads, services, benign, harmless
what happens: story, incidents, lookalikes · all of a day: world · files: neighbours, settings, write
"""

from __future__ import annotations

from .write import Written, stream, write

__all__ = ["Written", "stream", "write"]
