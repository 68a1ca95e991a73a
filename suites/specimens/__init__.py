"""Faulty variants of the reference app, applied from outside: what tests plant, a person can start."""
