"""Codes of authenticator apps."""

from reference_app.api.fields import OneTimeCode
from reference_app.api.shapes.base import Body, Result


class CodeBody(Body):
    """A code that the authenticator app shows now."""

    code: OneTimeCode


class EnrolmentResult(Result):
    """What the authenticator app needs; told this once. `uri` is what a QR code shows."""

    secret: str
    uri: str
