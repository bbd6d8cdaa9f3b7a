"""A store over the years: what is forgotten, which files go, and what is mended."""
