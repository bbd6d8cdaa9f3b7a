"""What an identity did, as charts: one definition each, interactive in a notebook and as plain SVG on a page."""
