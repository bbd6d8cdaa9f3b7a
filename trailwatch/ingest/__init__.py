"""From objects of a trail to rows of `events`."""
