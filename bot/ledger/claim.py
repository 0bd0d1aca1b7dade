"""The one statement that claims turns. Pure: it is built here and run by the ledger."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from bot.store.tables import turns


def build_claim(now: ColumnElement[float]) -> ReturningUpdate[Any]:
    """Build it; `now` is the database's clock, in seconds since 1970.

    It takes the oldest live turn of a lane, if nothing else of the lane is at work. A running turn
    whose lease has run out counts as waiting. Turns go to the workspace that has the least at work
    first, then by age, so that a flood in one holds up no other.

    It looks at live turns alone, once, through their partial index: its cost does not grow with the
    turns that are closed. The term of that index is literal, not bound: SQLite uses a partial index
    only where it sees its own term.

    Parameters: `limit` and `team_limit` for messages, `others` for what is quick (buttons, edits,
    and messages that only get to hear that we are busy), `lease` in seconds.
    """
    closed = literal("closed", literal_execute=True)
    live = (
        select(
            turns.c.id,
            turns.c.kind,
            turns.c.busy,
            turns.c.team,
            turns.c.state,
            turns.c.lease_until,
            turns.c.available_at,
            turns.c.accepted_at,
            func.row_number()
            .over(
                partition_by=turns.c.lane,
                # "running" sorts after "queued" and that after "joined": what runs, even if its
                # lease has run out, heads its lane, and what is joined to another never does.
                # What Slack has not taken yet comes first, since some of it may stand there.
                order_by=[
                    turns.c.state.desc(),
                    turns.c.delayed_since.is_(None),
                    turns.c.ts,
                    turns.c.sequence,
                ],
            )
            .label("place_in_lane"),
        )
        .where(turns.c.state != closed)
        .cte("live")
    )
    is_message = and_(live.c.kind == "message", ~live.c.busy)
    at_work = (
        select(live.c.team, func.count().label("running"))
        .where(live.c.state == "running", live.c.lease_until >= now, is_message)
        .group_by(live.c.team)
        .cte("at_work")
    )
    ready = (
        select(
            live.c.id,
            live.c.accepted_at,
            is_message.label("is_message"),
            func.coalesce(at_work.c.running, 0).label("running"),
            func.row_number()
            .over(partition_by=[live.c.team, is_message], order_by=live.c.accepted_at)
            .label("place_in_team"),
        )
        .outerjoin(at_work, at_work.c.team == live.c.team)
        .where(
            live.c.place_in_lane == 1,
            or_(
                and_(live.c.state == "queued", live.c.available_at <= now),
                and_(live.c.state == "running", live.c.lease_until < now),
            ),
        )
        .cte("ready")
    )
    messages = (
        select(ready.c.id)
        .where(
            ready.c.is_message,
            ready.c.place_in_team <= bindparam("team_limit") - ready.c.running,
        )
        .order_by(ready.c.place_in_team + ready.c.running, ready.c.accepted_at)
        .limit(bindparam("limit"))
    )
    others = (
        select(ready.c.id)
        .where(~ready.c.is_message)
        .order_by(ready.c.accepted_at)
        .limit(bindparam("others"))
    )
    return (
        update(turns)
        .where(
            or_(turns.c.id.in_(messages), turns.c.id.in_(others)),
            # Said once more of the row itself: under READ COMMITTED it may have been closed since.
            or_(
                turns.c.state == "queued",
                and_(turns.c.state == "running", turns.c.lease_until < now),
            ),
        )
        .values(
            state="running",
            claims=turns.c.claims + 1,
            failures=turns.c.failures + 1,
            lease_until=now + bindparam("lease"),
            begun_at=now,
            # Whoever begins anew has the new text already, and an answer to the old one is none.
            asked=case((turns.c.asked == "restart", null()), else_=turns.c.asked),
            answer=case((turns.c.asked == "restart", null()), else_=turns.c.answer),
        )
        .returning(turns, now.label("now"))
    )
