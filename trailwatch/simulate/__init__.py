"""Make an organisation's CloudTrail logs from a seed: habits, a story, and what looks like one.

dice and furniture: chance, stock · calls and records: apis, records, sts, callers · who: people, habits, spans, workloads, pipelines, users, services
what happens: benign, harmless, story, incidents, lookalikes, neglects · all of a day: world
what IAM holds: estate, holdings, traces, upkeep · files: exports, neighbours, settings, write
"""

from __future__ import annotations

from trailwatch.simulate.neglects import EXPORTED
from trailwatch.simulate.write import Written, stream, write

__all__ = ["EXPORTED", "Written", "stream", "write"]
