"""Journeys of the reference app: what its simulated users do."""
