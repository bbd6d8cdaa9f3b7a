"""The tables of a store, kept as Delta Lake in a folder or under an s3:// prefix."""
