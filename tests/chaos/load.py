"""People who ask, several a second: in channels and direct messages, alone and together."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from bot.demo.deliveries import Undelivered
from bot.demo.server import StandIn
from bot.demo.workspace import Channel, Message, Place, User, find_element
from bot.slack.render import SHOW_REASONING
from tests.chaos.judge import Posted, Press, Question, Transcript
from tests.chaos.speech import phrase_question
from tests.chatting import ALICE, BOB, BOT, GENERAL, RANDOM, shown

_NAMES = ("Carol", "Dan")
_CHANNELS = 4
_RECENT = 8
"""People go on in one of the newest threads of a kind."""

_GAP_SECONDS = 0.15
"""Between short messages that somebody writes in a row, at most."""

_FILE = ("notes.txt", b"The budget is 4 million. The deadline is in May.", "text/plain")


@dataclass(slots=True)
class _Thread:
    place: Place
    asked: list[tuple[int, str]] = field(default_factory=list)
    pressed: dict[str, bool] = field(default_factory=dict)


class Load:
    """Asks numbered questions, and now and then for the reasoning behind an answer.

    Args:
        slack: Where.
        chance: Chooses who, where and what.
        per_second: How many messages on average.
    """

    def __init__(self, slack: StandIn, chance: random.Random, *, per_second: float) -> None:
        self._slack = slack
        self._chance = chance
        self._per_second = per_second
        self._people = [ALICE, BOB, *_add_people(slack)]
        self._channels = [GENERAL, RANDOM, *_add_channels(slack)]
        self._threads: list[_Thread] = []
        self._count = 0
        self._presses: set[asyncio.Task[None]] = set()

    async def run(self, end: asyncio.Event) -> None:
        """Go on until `end` is set; then wait for the presses to be delivered."""
        while not end.is_set():
            await self._act()
            await asyncio.sleep(self._chance.expovariate(self._per_second))
        await asyncio.gather(*self._presses)

    def read(self) -> list[Transcript]:
        """Return what stands in Slack now."""
        acked = {
            (record.payload["event"]["channel"], record.payload["event"]["ts"])
            for record in self._slack.deliveries.records
            if record.type == "events_api"
            and record.payload["event"]["type"] in {"app_mention", "message"}
            and "ts" in record.payload["event"]
            and record.acked_at is not None
        }
        return [self._read_thread(thread, acked) for thread in self._threads]

    def _read_thread(self, thread: _Thread, acked: set[Place]) -> Transcript:
        channel, thread_ts = thread.place
        said = self._slack.messages(channel, thread_ts)
        return Transcript(
            channel=channel,
            thread_ts=thread_ts,
            questions=tuple(
                Question(number, ts, accepted=(channel, ts) in acked) for number, ts in thread.asked
            ),
            posted=tuple(_read_message(one) for one in said if one.user == BOT),
            presses=tuple(Press(turn, acked) for turn, acked in thread.pressed.items()),
            status=self._slack.workspace.status_of(thread.place),
        )

    async def _act(self) -> None:
        drawn = self._chance.random()
        if drawn < 0.12:
            self._press_somewhere()
        elif drawn < 0.25:
            thread = await self._begin()
            for _ in range(self._chance.randint(1, 3)):
                await asyncio.sleep(self._chance.uniform(0, _GAP_SECONDS))
                await self._go_on(thread)
        elif drawn < 0.6 or not self._threads:
            await self._begin()
        else:
            await self._go_on(self._chance.choice(self._threads[-_RECENT:]))

    async def _begin(self) -> _Thread:
        person = self._chance.choice(self._people)
        direct = self._slack.workspace.direct_channel(person).id
        channel = self._chance.choice([direct, self._chance.choice(self._channels)])
        thread = _Thread((channel, ""))
        ts = await self._ask(person, thread)
        thread.place = (channel, ts)
        self._threads.append(thread)
        return thread

    async def _go_on(self, thread: _Thread) -> None:
        members = self._slack.workspace.channels[thread.place[0]].members
        await self._ask(
            self._chance.choice([one for one in self._people if one in members]), thread
        )

    async def _ask(self, person: str, thread: _Thread) -> str:
        channel, thread_ts = thread.place
        self._count += 1
        text = phrase_question(self._count)
        if channel in self._channels:
            text = f"<@{BOT}> {text}"
        files = [_FILE] if self._chance.random() < 0.08 else []
        ts = await self._slack.post(person, channel, text, thread_ts or None, files)
        thread.asked.append((self._count, ts))
        return ts

    def _press_somewhere(self) -> None:
        ready = [
            (thread, message)
            for thread in self._threads[-2 * _RECENT :]
            for message in self._slack.messages(*thread.place)
            if find_element(message.blocks, SHOW_REASONING)
            and _mark(message)["turn"] not in thread.pressed
        ]
        if ready:
            thread, message = self._chance.choice(ready)
            turn = _mark(message)["turn"]
            thread.pressed[turn] = False
            task = asyncio.create_task(self._press(thread, message, turn))
            self._presses.add(task)
            task.add_done_callback(self._presses.discard)

    async def _press(self, thread: _Thread, message: Message, turn: str) -> None:
        try:
            await self._slack.press(
                self._chance.choice(self._people), message.channel, message.ts, SHOW_REASONING
            )
        except Undelivered:
            return  # Slack shows a warning sign; whether it was heard is open
        thread.pressed[turn] = True


def _add_people(slack: StandIn) -> list[str]:
    return [
        slack.workspace.add_user(User(f"U0{name.upper()}", name.lower(), f"{name} Novak")).id
        for name in _NAMES
    ]


def _add_channels(slack: StandIn) -> list[str]:
    everyone = frozenset(slack.workspace.users)
    for known in (GENERAL, RANDOM):
        slack.workspace.change_channel(known, members=everyone)
    return [
        slack.workspace.add_channel(Channel(f"C0TEAM{n}", f"team-{n}", "channel", everyone)).id
        for n in range(_CHANNELS)
    ]


def _read_message(message: Message) -> Posted:
    mark = _mark(message)
    return Posted(
        ts=message.ts,
        text=shown(message),
        event=(message.metadata or {}).get("event_type", ""),
        turn=mark.get("turn", ""),
        part=mark.get("part", 0),
        streaming=message.streaming == "in_progress",
    )


def _mark(message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = (message.metadata or {}).get("event_payload", {})
    return payload
