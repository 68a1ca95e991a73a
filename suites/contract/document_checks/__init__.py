"""Whether an OpenAPI document is valid, equals its committed snapshot, and keeps what an earlier one promised."""
