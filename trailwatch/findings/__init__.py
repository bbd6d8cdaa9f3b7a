"""From hits and anomalies to findings with a memory, and incidents."""
