"""How servers are set that live for minutes: durability off, room for tests side by side.

Everything that changes what SQL answers is left as shipped.
"""

POSTGRES_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "shared_buffers": "128MB",
}

REDIS_SPACES = 4096
