"""What a variable part of a path may be: anything but a word that is a resource of its own beside it."""

from werkzeug.routing import BaseConverter

RESERVED = ("statistics",)


class ItemConverter(BaseConverter):
    """Takes the place of Flask's default converter.

    Without it `/api/pipelines/statistics` would, for the methods that it has not, be the pipeline "statistics":
    `Allow` would list them, and PATCH would be a 422 instead of a 405.
    """

    regex = f"(?!(?:{'|'.join(RESERVED)})$)[^/]+"
    part_isolating = True
