"""What everything else stands on: targets, services, served targets, evidence. Imports nothing of ours."""
