"""The places where teams work: what is new or worse goes there, once, and nothing gets lost on the way."""
