"""Load tests: open arrivals, two latencies, thresholds. Only the engine's own process imports Locust."""
