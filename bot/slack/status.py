"""The line under a thread that says what we do right now."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog

from bot.errors import DeliveryDelayed, DeliveryRefused, LeaseLost
from bot.slack import limits
from bot.slack.calls import SlackCalls, Sleep
from bot.slack.capabilities import Capabilities, ReplyPlace

log = structlog.get_logger(__name__)

_SPACING_SECONDS: Final = 2.0
_REFRESH_SECONDS: Final = limits.STATUS_SECONDS - 20.0
_PATIENCE_SECONDS: Final = 5.0
_WAY_SECONDS: Final = 2.0
"""How long to wait for a status on its way before it is taken away."""


class StatusLine:
    """Keeps one thread's status; never fails, for a reply does not depend on it.

    Slack takes a status away when the app replies and after two minutes
    (assistant.threads.setStatus); it is set again in time for as long as it is wanted.

    Args:
        calls: The workspace's Web API.
        place: The thread.
        capabilities: What Slack was seen to allow.
        sleep: Waits that many seconds.
        inherited: An earlier attempt may have left a status behind.
    """

    def __init__(
        self,
        calls: SlackCalls,
        place: ReplyPlace,
        capabilities: Capabilities,
        sleep: Sleep,
        *,
        inherited: bool = False,
    ) -> None:
        self._calls = calls
        self._place = place
        self._capabilities = capabilities
        self._sleep = sleep
        self._wanted = ""
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._sending = False
        self._may_be_shown = inherited

    def show(self, text: str) -> None:
        """Show `text` from now on; returns at once."""
        if text == self._wanted:
            return
        self._wanted = text
        self._changed.set()
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    def give_way(self) -> None:
        """Let a message take the status's place; Slack removes the line when it appears."""
        self._wanted = ""
        self._changed.set()
        # A status on its way may arrive behind the message and would then stay.
        self._may_be_shown = self._sending

    async def clear(self) -> None:
        """Take the status away, if it may still be there."""
        self._wanted = ""
        self._changed.set()
        if self._keeper is not None:
            if self._sending:
                # Cut short it could still take effect, after the one that takes it away.
                await asyncio.wait({self._keeper}, timeout=_WAY_SECONDS)
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
            self._keeper = None
        if self._may_be_shown and self._capabilities.allow("status", self._place):
            self._may_be_shown = False
            await self._send("")

    async def _keep(self) -> None:
        while self._wanted and self._capabilities.allow("status", self._place):
            self._changed.clear()
            if not await self._send(self._wanted):
                return
            if not self._wanted:
                # It gave way to a message meanwhile, but may have come behind it.
                if self._may_be_shown:
                    await self._send("")
                return
            await self._sleep(_SPACING_SECONDS)
            await wait_for_either(self._changed, _REFRESH_SECONDS - _SPACING_SECONDS, self._sleep)

    async def _send(self, text: str) -> bool:
        """Set the status; False when there is no use in trying again."""
        self._sending = self._may_be_shown = bool(text)
        try:
            await self._calls.call(
                "assistant.threads.setStatus",
                patience=_PATIENCE_SECONDS,
                channel_id=self._place.channel,
                thread_ts=self._place.thread_ts,
                status=text,
            )
        except DeliveryDelayed as error:
            log.info("status_not_set", code=error.code)
        except DeliveryRefused as error:
            log.info("status_refused", code=error.code)
            self._capabilities.note_refusal("status", self._place, error.code)
            self._may_be_shown = False
            return False
        except LeaseLost:  # whoever has the turn now shows a status of its own
            self._may_be_shown = False
            return False
        self._sending = False
        return True


async def wait_for_either(event: asyncio.Event, seconds: float | None, sleep: Sleep) -> None:
    """Wait until the event is set or `seconds` are over, None for ever."""
    waiters = {asyncio.create_task(_outlast(event.wait()))}
    if seconds is not None:
        waiters.add(asyncio.create_task(_outlast(sleep(seconds))))
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def _outlast(wait: Awaitable[object]) -> None:
    await wait
