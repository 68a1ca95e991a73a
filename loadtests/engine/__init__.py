"""What runs in the processes that make the load; only here Locust is imported, which patches the process it is in."""
