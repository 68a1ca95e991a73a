"""How much of an OpenAPI document some exchanges reached. Pure: a document and exchanges in, frozen records out."""
