"""The page that leads to everything: one HTML file without scripts, fonts or addresses from elsewhere."""
