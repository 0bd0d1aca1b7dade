"""Errors, offers and placeholders: what we say in a thread that is no answer."""

from collections.abc import Collection, Sequence
from typing import Final

import structlog

from bot.errors import DeliveryRefused
from bot.slack.calls import SlackCalls, metadata
from bot.slack.capabilities import ReplyPlace
from bot.slack.render import NOTICE_EVENT, OutgoingMessage
from bot.slack.standing import remove_messages

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 60.0


class Notices:
    """A turn's notices: a new one takes the place of all that stand.

    Args:
        calls: The workspace's Web API.
        place: The thread.
        turn_id: The turn.
        standing: What earlier attempts left, oldest first.
    """

    def __init__(
        self, calls: SlackCalls, place: ReplyPlace, turn_id: str, standing: Sequence[str]
    ) -> None:
        self.stamps = list(standing)
        self._calls = calls
        self._place = place
        self._turn_id = turn_id

    async def post(self, message: OutgoingMessage, *, patience: float = _PATIENCE_SECONDS) -> str:
        """Post one, beside what stands, and return its `ts`; raises DeliveryError."""
        ts = await self._calls.post(
            message,
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            turn_id=self._turn_id,
            part=len(self.stamps) + 1,
            event_type=NOTICE_EVENT,
            after_ts=self._place.after_ts or self._place.thread_ts,
            patience=patience,
        )
        self.stamps.append(ts)
        return ts

    async def replace(
        self,
        message: OutgoingMessage,
        spared: Collection[str],
        *,
        patience: float = _PATIENCE_SECONDS,
    ) -> str | None:
        """Put one in the place of those that stand, and return its `ts`.

        Those `spared` have become something else. None if there are no others, or none that Slack
        lets us change. Raises DeliveryError.
        """
        for number, ts in enumerate(self.stamps, start=1):
            if ts in spared:
                continue
            try:
                await self._calls.update(
                    message,
                    channel=self._place.channel,
                    ts=ts,
                    metadata=metadata(self._turn_id, number, NOTICE_EVENT),
                    patience=patience,
                )
            except DeliveryRefused as error:
                log.info("notice_not_replaced", code=error.code)
            else:
                return ts
        return None

    async def remove(self, spared: Collection[str]) -> None:
        """Delete those that stand; raises DeliveryDelayed."""
        left = [ts for ts in self.stamps if ts not in spared]
        await remove_messages(self._calls, self._place, left)
