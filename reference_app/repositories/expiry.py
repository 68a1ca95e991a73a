"""Rows that are kept for a time only: each insert takes a few of the old ones away, so that no job must."""

from datetime import timedelta

from sqlalchemy import delete, func, inspect, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from reference_app.models.base import Base

AT_ONCE = 10
"""More than one, so that old rows become fewer; few, so that no insert waits for a big clean-up."""


def delete_some_expired(
    session: Session, model: type[Base], moment: InstrumentedAttribute[object], kept_for: timedelta
) -> None:
    """Delete up to `AT_ONCE` rows whose `moment`, which has an index, is longer ago than `kept_for`.

    Rows that another transaction is deleting are left to it: nobody waits.
    """
    key = inspect(model).primary_key
    oldest = (
        select(*key)
        .where(moment < func.now() - kept_for)
        .order_by(moment)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        delete(model).where(tuple_(*key).in_(oldest)).execution_options(synchronize_session=False),
    )
