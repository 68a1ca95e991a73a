"""Static scans and dynamic probes behind one policy; `python -m security`. Runs on any target."""
