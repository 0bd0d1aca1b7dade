"""Who and what an id is: display names of people and channels, remembered for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

import structlog

from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.slack.calls import SlackCalls
from bot.slack.text import Names, find_ids

log = structlog.get_logger(__name__)

_KEEP_SECONDS = 3_600.0
_MOST_NAMES = 10_000
_PARALLEL = 8
_MOST_LOOKUPS = 100
_PATIENCE_SECONDS = 5.0


class Directory:
    """Names of one workspace; what can't be looked up stays nameless, never an error.

    Args:
        calls: The workspace's Web API.
        own_user_id: Ourselves, whom nobody needs to be told the name of.
        clock: Seconds, only ever rising.
    """

    def __init__(
        self, calls: SlackCalls, own_user_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._own_user_id = own_user_id
        self._clock = clock
        self._places = asyncio.Semaphore(_PARALLEL)
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def find_names(self, texts: Iterable[str], users: Iterable[str] = ()) -> Names:
        """Look up everybody and every channel that the texts name, and `users`."""
        user_ids, channel_ids = set(users), set[str]()
        for text in texts:
            in_text_users, in_text_channels = find_ids(text)
            user_ids |= in_text_users
            channel_ids |= in_text_channels
        user_ids.discard(self._own_user_id)
        people, channels = await asyncio.gather(
            self._find(user_ids, self._ask_user), self._find(channel_ids, self._ask_channel)
        )
        return Names(people, channels)

    async def _find(self, ids: set[str], ask: Callable[[str], Awaitable[str]]) -> dict[str, str]:
        # users.info is limited to some hundred a minute; whoever is beyond that stays nameless.
        ordered = sorted(ids, key=lambda one: (one not in self._known, one))[:_MOST_LOOKUPS]
        found = await asyncio.gather(*(self._find_one(one, ask) for one in ordered))
        return {one: name for one, name in zip(ordered, found, strict=True) if name}

    async def _find_one(self, one: str, ask: Callable[[str], Awaitable[str]]) -> str:
        known = self._known.get(one)
        if known and known[0] > self._clock():
            return known[1]
        try:
            async with self._places:
                name = await ask(one)
        except DeliveryDelayed as error:
            # Trouble on the way says nothing about the name: ask again next time.
            log.info("name_not_found_now", id=one, code=error.code)
            return ""
        except DeliveryRefused as error:
            log.info("name_unknown", id=one, code=error.code)
            name = ""
        self._known[one] = (self._clock() + _KEEP_SECONDS, name)
        self._known.move_to_end(one)
        while len(self._known) > _MOST_NAMES:
            self._known.popitem(last=False)
        return name

    async def _ask_user(self, user: str) -> str:
        answer = await self._calls.call("users.info", patience=_PATIENCE_SECONDS, user=user)
        found = answer["user"]
        profile = found.get("profile") or {}
        name: str = (
            profile.get("display_name")
            or profile.get("real_name")
            or found.get("real_name")
            or found.get("name")
            or ""
        )
        return name

    async def _ask_channel(self, channel: str) -> str:
        answer = await self._calls.call(
            "conversations.info", patience=_PATIENCE_SECONDS, channel=channel
        )
        found = answer["channel"]
        name: str = found.get("name") or ""
        return name
