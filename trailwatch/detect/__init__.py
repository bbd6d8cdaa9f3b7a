"""Detections as data: files, laws, and one scan for all of them."""
