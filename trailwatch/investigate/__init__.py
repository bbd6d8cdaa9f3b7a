"""Questions in the middle of an incident."""
