"""Those who wait: they see that they are heard, and who would wait too long is told so."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import DeliveryError, NotInstalled
from bot.language import Language
from bot.ledger import Ledger, Turn, Waiting
from bot.slack.events import Said, from_json
from bot.slack.workspaces import Workspace, Workspaces

log = structlog.get_logger(__name__)

_HEARD_AFTER_SECONDS: Final = 2.0
_SHOWN_SECONDS: Final = 100.0
"""How long to trust in a status; Slack takes it away after 120 (assistant.threads.setStatus)."""

_AT_A_TIME: Final = 10
_PATIENCE_SECONDS: Final = 2.0


class WaitingRoom:
    """Looks after messages that wait for their turn.

    A message that a place is found for at once is none of its business: its turn shows a status of
    its own.

    Args:
        ledger: Where they wait.
        workspaces: The installations.
        wants_answer: Whether a waiting message is going to be answered.
        busy_seconds: Whoever would wait longer than this is told so, and need not wait.
        clock: Seconds, only ever rising.
    """

    def __init__(
        self,
        ledger: Ledger,
        workspaces: Workspaces,
        wants_answer: Callable[[Turn], Awaitable[bool]],
        *,
        busy_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._workspaces = workspaces
        self._wants_answer = wants_answer
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._begun_at = clock()

    async def run(self, leaving: asyncio.Event) -> None:
        """Look after them until it is time to leave."""
        while not leaving.is_set():
            try:
                await self._look_round()
            except SQLAlchemyError as error:
                log.warning("waiting_not_read", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARD_AFTER_SECONDS):
                    await leaving.wait()

    async def _look_round(self) -> None:
        waiting = await self._ledger.take_waiting(
            longer_than=_HEARD_AFTER_SECONDS, told_before=_SHOWN_SECONDS, limit=_AT_A_TIME
        )
        await asyncio.gather(*(self._tell(one) for one in waiting))

    async def _tell(self, waiting: Waiting) -> None:
        turn = waiting.turn
        try:
            if not await self._wants_answer(turn):
                return
            if estimate_wait(waiting, self._clock() - self._begun_at) > self._busy_seconds:
                log.warning("turn_would_wait_too_long", turn=turn.id, ahead=waiting.ahead)
                await self._ledger.give_up_waiting(turn)
                return
            workspace = await self._workspaces.find(turn.thread.team)
            author = from_json(Said, turn.payload).author
            person = await workspace.directory.find_person(author)
            if await self._has_ended(turn):
                return
            await self._show(workspace, turn, describe_wait(waiting, person.language))
            if await self._has_ended(turn):
                # Its own turn has taken the status away by now, perhaps before this one came.
                await self._show(workspace, turn, "")
        except (DeliveryError, NotInstalled) as error:
            log.info("waiting_not_told", turn=turn.id, error=type(error).__name__)
        except SQLAlchemyError:
            raise
        except Exception:
            # A courtesy; whatever is wrong with the message, its own turn will meet it too.
            log.exception("waiting_not_told", turn=turn.id)

    async def _show(self, workspace: Workspace, turn: Turn, status: str) -> None:
        await workspace.calls.call(
            "assistant.threads.setStatus",
            patience=_PATIENCE_SECONDS,
            channel_id=turn.thread.channel,
            thread_ts=turn.thread.thread_ts,
            status=status,
        )

    async def _has_ended(self, turn: Turn) -> bool:
        now = await self._ledger.find(turn.thread.team, turn.id)
        return now is None or now.closed


def estimate_wait(waiting: Waiting, most: float) -> float:
    """Return for how many seconds a message will have waited for a free place.

    Args:
        waiting: The message. What it waits for in its own thread does not count.
        most: Seconds that it can have waited at most: since we began to work.
    """
    if waiting.thread_is_busy:
        return 0.0
    to_come = waiting.ahead / waiting.pace if waiting.pace else 0.0
    return min(waiting.turn.age, most) + to_come


def describe_wait(waiting: Waiting, language: Language) -> str:
    """Say in a status line that the message was heard."""
    if waiting.thread_is_busy:
        return language.say("has seen your next message and will come to it…")
    if waiting.ahead:
        return language.say_count(
            "has seen your message; {count} other comes first…",
            "has seen your message; {count} others come first…",
            waiting.ahead,
        )
    return language.say("has seen your message and will be right there…")
