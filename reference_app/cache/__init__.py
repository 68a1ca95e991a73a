"""Answers that are kept: real (`redis`), in one process (`simple`), and none at all (`null`)."""
