"""What would make a service answer with a status: a sentence for each."""

_HINTS = {
    "304": "send the validator of the current version (If-None-Match), which an earlier answer has as ETag",
    "400": "send what cannot be read: a body that is no JSON, a malformed header",
    "401": "send no credentials, or wrong ones",
    "403": "send it as an identity that may not: one of another role, or for what somebody else owns",
    "404": "send it for something that is not there",
    "405": "send another method to this path",
    "406": "ask for a content type that it does not have (Accept)",
    "409": "send it against what is stored: the same twice, or for something in another state",
    "410": "send it for something that was there and is gone",
    "412": "send the validator of an older version (If-Match)",
    "413": "send a body that is larger than it takes",
    "414": "send an address that is longer than it takes",
    "415": "send the body as another content type",
    "422": "send what the schema or a rule of the service forbids",
    "428": "leave the condition out (If-Match)",
    "429": "send it more often than its limit lets through; in [serve.environment] the limit may be off",
    "503": "take away what it depends on while it is asked",
}
_CLASSES = {
    "2": "send it so that it succeeds: for what is there (seed it in [prepare], or describe a link to what makes it)",
    "3": "send it for something that is elsewhere",
    "4": "send what it refuses in this way",
    "5": "break what it depends on while it is asked",
}


def hint(status: str) -> str:
    """Return what to send for a documented status, a range such as 4XX, or `default`."""
    return _HINTS.get(status) or _CLASSES.get(status[:1]) or "send anything that the other statuses do not describe"
