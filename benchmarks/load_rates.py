"""How hard every client of `load_client` works; apart from `load_users`, whose import of Locust patches its process."""

CONNECTIONS = 64
MEASURED_S = 4.0
