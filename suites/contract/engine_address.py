"""The name under which the engine's process is told where to ask for the seed."""

ADDRESS = "PROVING_GROUND_SEED"
