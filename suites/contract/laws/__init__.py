"""Promises that take several calls to break, tried where the document offers them."""
