"""Hypothesis without a clock: by default an example that takes 200 ms, as any does on a busy machine, is a failure."""

from hypothesis import HealthCheck, settings

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
