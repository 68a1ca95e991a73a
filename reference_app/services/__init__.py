"""The rules of the application; they know neither HTTP nor queries."""
