"""One run of Schemathesis: engines side by side, operations kept apart, limits, and what the events tell of it."""
