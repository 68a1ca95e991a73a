"""Contract evidence on any target: Schemathesis over every operation of its OpenAPI document."""
