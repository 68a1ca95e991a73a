"""`python -m reference_app.migrations`: migrate DATABASE_URL to the newest schema without loading the app.

Test sessions start with it, so it imports neither Flask nor the models.
"""

import os
import sys

from sqlalchemy.exc import OperationalError

from reference_app.database_url import with_driver
from reference_app.migrations import upgrade


def main() -> int:
    """Return 0 when the schema is up to date, 2 when DATABASE_URL is no Postgres URL, 3 when nothing answers there."""
    try:
        url = with_driver(os.environ.get("DATABASE_URL", ""))
    except ValueError as error:
        sys.stderr.write(f"DATABASE_URL: {error}\n")
        return 2
    try:
        upgrade(url)
    except OperationalError as error:
        sys.stderr.write(f"Postgres: {str(error.orig).splitlines()[0]}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
