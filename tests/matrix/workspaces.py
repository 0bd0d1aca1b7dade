"""The kinds of workspace that every flow runs in, and what holds at the end of each.

A flow says what people do and which messages they then see: exactly those, and nothing else. Those
that are not named stay unsaid, wherever in the workspace.
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from bot.demo import profiles
from bot.demo.server import StandIn
from bot.demo.workspace import BOT_USER_ID, Json, Message, elements_of
from bot.slack.calls import BLOCK_FAULTS
from tests.chatting import Chat, chatting, say
from tests.model.server import Reply, chunk, stream

PING: Final = re.compile(r"<[@!]|(?<![\w`])@(?:here|channel|everyone)\b")
"""What would call somebody, were it sent like this."""

OUTGOING: Final = ("chat.", "views.", "files.", "assistant.", "agents.")
ONLY: Final = "only "
"""Stands before what one person alone sees."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of workspace, and how its events reach the bot."""

    name: str
    profile: str = profiles.ALL_FEATURES.name
    over_http: bool = False

    @property
    def is_agent(self) -> bool:
        """Whether threads of direct messages have titles and suggested prompts."""
        return profiles.PROFILES[self.profile].view != "none"

    @property
    def has_chats(self) -> bool:
        """Whether all that is said directly stands in threads that Slack opens, and tells us of."""
        return profiles.PROFILES[self.profile].view == "assistant"

    @property
    def new_blocks(self) -> bool:
        """Whether it knows containers, tables, thumbs."""
        return profiles.PROFILES[self.profile].new_blocks


FOUR: Final = (
    Kind("all features"),
    Kind("no streaming", profiles.NO_STREAMING.name),
    Kind("no agent features", profiles.NO_AGENT_FEATURES.name),
    Kind("over HTTP", over_http=True),
)
OLD: Final = (
    Kind("legacy assistant", profiles.LEGACY_ASSISTANT.name),
    Kind("old blocks", profiles.OLD_BLOCKS.name),
)

in_four = pytest.mark.parametrize("kind", FOUR, ids=lambda kind: kind.name)
in_two = pytest.mark.parametrize("kind", FOUR[2:], ids=lambda kind: kind.name)
"""The two that differ most: a plain app with a socket, and an agent that is sent requests."""

in_all = pytest.mark.parametrize("kind", [*FOUR, *OLD], ids=lambda kind: kind.name)


@asynccontextmanager
async def at_work(
    kind: Kind, folder: Path, replies: Sequence[Reply] = (), **settings: str
) -> AsyncGenerator[Chat]:
    """Run the bot in a workspace of this kind, and check what holds after every flow."""
    async with (
        StandIn(profile=kind.profile) as slack,
        chatting(
            folder,
            replies,
            slack=slack,
            model=None,
            over="http" if kind.over_http else "socket",
            **settings,
        ) as chat,
    ):
        yield chat
        await chat.settled()
        await _check(chat, kind)


async def see(chat: Chat, expected: Mapping[str, Sequence[str]]) -> dict[str, list[Message]]:
    """Wait until all is done; check what the bot has said in the whole workspace, and return it.

    Args:
        chat: The bot.
        expected: By channel, a part of each message of the bot's, in their order. What one person
            alone sees comes last, and begins with `ONLY` and who that is.
    """
    await chat.settled()
    seen = _list_messages(chat)
    texts = {place: [read(one) for one in found] for place, found in seen.items()}
    assert {place: len(found) for place, found in texts.items()} == {
        place: len(parts) for place, parts in expected.items()
    }, texts
    for place, parts in expected.items():
        for text, part in zip(texts[place], parts, strict=True):
            assert part in text, (place, text)
    return seen


def read(message: Message) -> str:
    """All the text of a message, small print and buttons too."""
    said = "\n".join(_texts(message.blocks)) or message.text
    return f"{ONLY}{message.audience} {said}" if message.audience else said


def read_view(view: Json | None) -> str:
    """All the text of a Home tab or a dialog."""
    return "\n".join(_texts((view or {}).get("blocks", ())))


def actions(message: Message) -> list[str]:
    """What can be pressed under a message."""
    found = (element.get("action_id", "") for _, element in elements_of(message.blocks))
    return [action for action in found if action]


def reply(answer: str, *, prompt: int, completion: int) -> Reply:
    """A streamed reply that tells how many tokens it took."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    return stream(chunk(answer), {**chunk(finish="stop"), "usage": usage})


def thinking(answer: str = "Because.", reasoning: str = "First I look. Then I answer.") -> Reply:
    """A streamed reply with a trace."""
    return say(answer, reasoning)


def asked(chat: Chat, number: int = -1) -> str:
    """All that the model was told in one of its requests."""
    return "\n".join(message["content"] for message in chat.prompts()[number])


def _bots(chat: Chat) -> list[Message]:
    said = chat.slack.workspace.messages.values()
    found = (one for one in said if one.user == BOT_USER_ID and one.subtype not in _SYSTEM)
    return sorted(found, key=lambda one: one.ts)


_SYSTEM: Final = frozenset({"channel_join", "channel_leave", "assistant_app_thread", "tombstone"})


def _list_messages(chat: Chat) -> dict[str, list[Message]]:
    seen: dict[str, list[Message]] = {}
    for message in [*_bots(chat), *chat.slack.workspace.ephemerals.values()]:
        seen.setdefault(message.channel, []).append(message)
    return seen


def _texts(block: Any) -> list[str]:
    """Every text in a block or a list of them, in the order in which they stand."""
    if isinstance(block, str):
        return []
    if isinstance(block, Mapping):
        own = [block["text"]] if isinstance(block.get("text"), str) else []
        return own + [text for value in block.values() for text in _texts(value)]
    if isinstance(block, Sequence):
        return [text for each in block for text in _texts(each)]
    return []


async def _check(chat: Chat, kind: Kind) -> None:
    """Nothing is left open, nobody was called, and Slack took each message as it was sent."""
    workspace = chat.slack.workspace
    assert [one for one in _bots(chat) if one.streaming == "in_progress"] == []
    assert [place for place in workspace.statuses if workspace.status_of(place)] == []
    working = [place for place, state in workspace.sessions.items() if state == "processing"]
    assert working == []
    for message in workspace.ephemerals.values():
        assert not PING.search(read(message)), message
    for call in chat.slack.calls:
        if not call.method.startswith(OUTGOING):
            continue
        assert not PING.search("\n".join(_strings(call.arguments))), call
        assert call.error not in BLOCK_FAULTS or not kind.new_blocks, call
        if call.method in {"chat.postMessage", "chat.postEphemeral"}:
            assert str(call.arguments.get("unfurl_links", False)).lower() in {"false", "0"}, call
    assert await chat.count("turns WHERE outcome = 'dead'") == 0


def _strings(value: Any) -> list[str]:
    """Every string in arguments that may be nested."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, Sequence):
        return [text for each in value for text in _strings(each)]
    return []
