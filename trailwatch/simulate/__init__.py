"""Make an organisation's CloudTrail logs from a seed: habits, a story, and what looks like one.

dice and furniture: chance, stock · calls and records: apis, records, sts, callers · who: people, habits, spans, workloads, pipelines, users, services
what happens: benign, harmless, story, incidents, lookalikes · all of a day: world · files: neighbours, settings, write
"""

from __future__ import annotations

from trailwatch.simulate.write import Written, stream, write

__all__ = ["Written", "stream", "write"]
