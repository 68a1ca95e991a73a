"""Failed checks become findings: one for each cause, shown again by as little as that takes, with its evidence."""
