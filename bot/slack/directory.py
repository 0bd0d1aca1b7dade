"""Who and what an id is: people and the names of channels, remembered for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog

from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.language import Language, find_language
from bot.slack.calls import SlackCalls
from bot.slack.text import Names, find_ids

log = structlog.get_logger(__name__)

_KEEP_SECONDS = 3_600.0
_MOST_KNOWN = 10_000
_PARALLEL = 8
_MOST_LOOKUPS = 100
_PATIENCE_SECONDS = 5.0

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack says of a person; all is neutral for one who can't be looked up.

    Attributes:
        name: As others see it, "" if not known.
        locale: Such as "de-DE", "" if not known.
        time_zone: Such as "Europe/Berlin", "" if not known.
        team: The workspace the person belongs to, "" if not known.
        is_admin: Of the workspace, or its owner.
        is_guest: In some channels only.
        is_stranger: Of another organisation, met in a shared channel.
    """

    name: str = ""
    locale: str = ""
    time_zone: str = ""
    team: str = ""
    is_admin: bool = False
    is_guest: bool = False
    is_stranger: bool = False

    @property
    def language(self) -> Language:
        """The language that our own words have for this person."""
        return find_language(self.locale)


NOBODY: Final = Person()


class _Lookup(Generic[_Found]):
    """Asks Slack what an id is, and remembers it for an hour.

    Args:
        ask: Asks for one; raises DeliveryError.
        unknown: What stands for an id that Slack won't tell of.
        places: How many are asked for at the same time.
        clock: Seconds, only ever rising.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[_Found]],
        unknown: _Found,
        places: asyncio.Semaphore,
        clock: Callable[[], float],
    ) -> None:
        self._ask = ask
        self._unknown = unknown
        self._places = places
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, _Found]] = OrderedDict()

    async def find(self, ids: set[str]) -> dict[str, _Found]:
        # users.info is limited to some hundred a minute; whoever is beyond that stays nameless.
        ordered = sorted(ids, key=lambda one: (one not in self._known, one))[:_MOST_LOOKUPS]
        found = await asyncio.gather(*(self.find_one(one) for one in ordered))
        return dict(zip(ordered, found, strict=True))

    async def find_one(self, one: str) -> _Found:
        known = self._known.get(one)
        if known and known[0] > self._clock():
            return known[1]
        try:
            async with self._places:
                found = await self._ask(one)
        except DeliveryDelayed as error:
            # Trouble on the way says nothing about it: ask again next time.
            log.info("name_not_found_now", id=one, code=error.code)
            return self._unknown
        except DeliveryRefused as error:
            log.info("name_unknown", id=one, code=error.code)
            found = self._unknown
        self._known[one] = (self._clock() + _KEEP_SECONDS, found)
        self._known.move_to_end(one)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return found


class Directory:
    """People and channels of one workspace; what can't be looked up is neutral, never an error.

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
        places = asyncio.Semaphore(_PARALLEL)
        self._people = _Lookup(self._ask_user, NOBODY, places, clock)
        self._channels = _Lookup(self._ask_channel, "", places, clock)

    async def find_names(self, texts: Iterable[str], users: Iterable[str] = ()) -> Names:
        """Look up everybody and every channel that the texts name, and `users`."""
        user_ids, channel_ids = set(users), set[str]()
        for text in texts:
            in_text_users, in_text_channels = find_ids(text)
            user_ids |= in_text_users
            channel_ids |= in_text_channels
        user_ids.discard(self._own_user_id)
        people, channels = await asyncio.gather(
            self._people.find(user_ids), self._channels.find(channel_ids)
        )
        names = {user: person.name for user, person in people.items() if person.name}
        return Names(names, {channel: name for channel, name in channels.items() if name})

    async def find_person(self, user: str) -> Person:
        """Look one person up; takes at most about 5 seconds, and no time if asked of late."""
        return await self._people.find_one(user)

    async def find_person_within(self, user: str, seconds: float) -> Person:
        """Look one person up where somebody waits; NOBODY, who may do nothing, if it takes longer.

        A dialog's trigger and an acknowledgement are good for three seconds (Slack docs).
        """
        try:
            async with asyncio.timeout(seconds):
                return await self.find_person(user)
        except TimeoutError:
            return NOBODY

    async def _ask_user(self, user: str) -> Person:
        answer = await self._calls.call(
            "users.info", patience=_PATIENCE_SECONDS, user=user, include_locale=True
        )
        found = answer["user"]
        profile = found.get("profile") or {}
        return Person(
            name=(
                profile.get("display_name")
                or profile.get("real_name")
                or found.get("real_name")
                or found.get("name")
                or ""
            ),
            locale=found.get("locale") or "",
            time_zone=found.get("tz") or "",
            team=found.get("team_id") or "",
            is_admin=bool(found.get("is_admin") or found.get("is_owner")),
            is_guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
            is_stranger=bool(found.get("is_stranger")),
        )

    async def _ask_channel(self, channel: str) -> str:
        answer = await self._calls.call(
            "conversations.info", patience=_PATIENCE_SECONDS, channel=channel
        )
        found = answer["channel"]
        name: str = found.get("name") or ""
        return name
