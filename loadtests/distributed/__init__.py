"""A run whose engines are workers on any machines, over Locust's own protocol."""
