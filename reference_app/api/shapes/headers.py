"""Header parameters.

Some that an operation needs are optional here and required in the API document: without them the answer is a
status of their own (428, 400), not the 422 of a malformed one.
"""

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from reference_app.api.entity_tags import EntityTags
from reference_app.api.fields import BIGGEST_ID, from_decimal
from reference_app.api.shapes.base import Headers, Omittable, nothing

Key = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[!-~]+$")]

_IF_MATCH = "The ETag of the version to change, a list of them, or * for any version."
_TAG: JsonDict = {"example": '"1"'}
_KEY = "The same for every attempt at one call, another for each new call; kept for 24 hours."


def _documented_as_required(name: str) -> ConfigDict:
    return ConfigDict(json_schema_extra={"required": [name]})


class ReadCondition(Headers):
    """Which versions the client has already."""

    if_none_match: Omittable[EntityTags] = Field(
        default_factory=nothing,
        alias="If-None-Match",
        description="ETags that need not be sent again.",
        json_schema_extra=_TAG,
    )


class ChangeCondition(Headers):
    """Which version to change."""

    model_config = _documented_as_required("If-Match")

    if_match: Omittable[EntityTags] = Field(
        default_factory=nothing, alias="If-Match", description=_IF_MATCH, json_schema_extra=_TAG
    )


class DeletionCondition(Headers):
    """Which version to delete; any where nothing is said."""

    if_match: Omittable[EntityTags] = Field(
        default_factory=nothing, alias="If-Match", description=_IF_MATCH, json_schema_extra=_TAG
    )


class CreationKey(Headers):
    """The key of a creating call that must have one."""

    model_config = _documented_as_required("Idempotency-Key")

    key: Omittable[Key] = Field(default_factory=nothing, alias="Idempotency-Key", description=_KEY)


class OptionalKey(Headers):
    """The key of a creating call that may have one."""

    key: Omittable[Key] = Field(default_factory=nothing, alias="Idempotency-Key", description=_KEY)


class LastLogLine(Headers):
    """Where a stream of log lines goes on."""

    last_event_id: Annotated[int, Field(ge=0, le=BIGGEST_ID), BeforeValidator(from_decimal)] = Field(
        0, alias="Last-Event-ID", description="The id of the last line that the client has; 0 for none."
    )


class LastAuditEvent(Headers):
    """Where a stream of audit events goes on."""

    last_event_id: Omittable[Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")]] = (
        Field(
            default_factory=nothing,
            alias="Last-Event-ID",
            description="The id of the last event that the client has; 0-0 for none. Without it, it starts now.",
            json_schema_extra={"example": "0-0"},
        )
    )


class GithubDelivery(Headers):
    """What GitHub says about a delivery besides its signature, which is checked before anything else."""

    event: Key = Field(alias="X-GitHub-Event", description="What happened: workflow_run is read, others are ignored.")
    delivery: Key = Field(alias="X-GitHub-Delivery", description="Names the delivery; a replay has the same.")
