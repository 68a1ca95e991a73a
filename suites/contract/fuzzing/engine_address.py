"""What an engine's process is told: where to ask for the seed, and which file names its share of the operations."""

ADDRESS = "PROVING_GROUND_SEED"
SHARE = "PROVING_GROUND_SHARE"
