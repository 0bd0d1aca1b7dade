"""Somebody came somewhere, or looks at something: Slack's events as typed values. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from bot.conversation.messages import ThreadKey
from bot.slack.events import BotIdentity, find_team

What = Literal["opened", "thread_started", "joined", "answered"]
"""A person opened our direct messages; began a thread there (legacy assistant view only); somebody
brought us into a channel; an answer of ours in a direct message is complete."""

_CHANNEL_ENTITY: Final = "slack#/types/channel_id"
_MESSAGE_ENTITY: Final = "slack#/types/message_context"
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{2,30}")


@dataclass(frozen=True, slots=True)
class Visit:
    """Something that is not answered, but wants a welcome, suggestions or a title.

    Attributes:
        what: What happened.
        team: The workspace.
        channel: Where; for what a person did, our direct messages with them.
        person: Who came, asked, or brought us.
        ts: When, as Slack's `ts`; of an answer, that of the message it answers.
        thread_ts: The thread it is about, "" if it is about none.
        is_first: It is the first answer of its thread.
    """

    what: What
    team: str
    channel: str
    person: str
    ts: str
    thread_ts: str = ""
    is_first: bool = False

    @property
    def key(self) -> str:
        """What it is known by, however often it is delivered."""
        return f"visit:{self.what}:{self.team}:{self.channel}:{self.ts}"

    @property
    def lane(self) -> str:
        """Nobody is welcomed by two processes at once; an answer's title holds up no welcome."""
        where = f"{self.team}:{self.channel}"
        return f"visit:{where}:{self.thread_ts}" if self.what == "answered" else f"visit:{where}"

    @property
    def thread(self) -> ThreadKey:
        """Where it happened; what is about no thread stands for itself."""
        return ThreadKey(self.team, self.channel, self.thread_ts or self.ts)


@dataclass(frozen=True, slots=True)
class Look:
    """What a person looks at beside our direct messages.

    Attributes:
        team: The workspace.
        person: Who.
        channel: The channel, "" for none that we could be in.
        at: Since when, in seconds since 1970.
    """

    team: str
    person: str
    channel: str
    at: float


_VISITS: Final = TypeAdapter(Visit)


def visit_to_json(visit: Visit) -> dict[str, Any]:
    """The visit as JSON, for the ledger."""
    written: dict[str, Any] = _VISITS.dump_python(visit, mode="json")
    return written


def visit_from_json(payload: Mapping[str, Any]) -> Visit:
    """The visit that `visit_to_json` wrote."""
    return _VISITS.validate_python(payload)


def parse_opened(body: Mapping[str, Any]) -> Visit | None:
    """Read `app_home_opened`; None unless it was the messages tab. It is sent at every visit."""
    event = body["event"]
    if event.get("tab") != "messages" or not event.get("channel"):
        return None
    return Visit("opened", find_team(body), event["channel"], event["user"], _ts_of(body))


def parse_joined(body: Mapping[str, Any], bot: BotIdentity) -> Visit | None:
    """Read `member_joined_channel`; None unless it was us. `inviter` may be missing."""
    event = body["event"]
    if event.get("user") != bot.user_id:
        return None
    person = event.get("inviter") or ""
    return Visit("joined", find_team(body), event["channel"], person, _ts_of(body))


def parse_thread_started(body: Mapping[str, Any]) -> Visit:
    """Read `assistant_thread_started`, which only the legacy assistant view sends."""
    thread = body["event"]["assistant_thread"]
    return Visit(
        what="thread_started",
        team=find_team(body),
        channel=thread["channel_id"],
        person=thread["user_id"],
        ts=_ts_of(body),
        thread_ts=thread["thread_ts"],
    )


def parse_look(body: Mapping[str, Any]) -> Look | None:
    """Read what a person looks at; None if the event does not say.

    `app_context_changed` and messages tell it in the agent view; `assistant_thread_started` and
    `assistant_thread_context_changed` in the legacy assistant view.
    """
    event = body["event"]
    thread = event.get("assistant_thread") or {}
    if event["type"] in {"message", "app_mention"}:
        person, channel = event.get("user"), find_context(event)
    elif thread:
        person, channel = thread.get("user_id"), _find_channel(thread.get("context"))
    else:
        person, channel = event.get("user"), _find_channel(event.get("context"))
    if not person or channel is None:
        return None
    return Look(find_team(body), person, channel, float(_ts_of(body)))


def find_context(event: Mapping[str, Any]) -> str | None:
    """Return the channel that a message's author looks at, "" for none, None if it is not said.

    In the agent view a message may carry an `app_context`. Its shape is not documented; it is taken
    to be that of `app_context_changed`.
    """
    context = event.get("app_context")
    return _find_channel(context) if isinstance(context, Mapping) else None


def _ts_of(body: Mapping[str, Any]) -> str:
    return str(body["event"].get("event_ts") or f"{body['event_time']}.000000")


def _find_channel(context: object) -> str:
    """Return the channel that is looked at; a message that is looked at stands in one, too."""
    named = dict(reversed([*_name_channels(context)]))
    found = named.get(_CHANNEL_ENTITY) or named.get(_MESSAGE_ENTITY) or ""
    # What people write to one another directly is none of ours to read.
    return found if _CHANNEL_ID.fullmatch(found) else ""


def _name_channels(context: object) -> Iterator[tuple[str, str]]:
    """Yield each channel that a context names, and as what."""
    if not isinstance(context, Mapping):
        return
    if isinstance(context.get("channel_id"), str):
        yield _CHANNEL_ENTITY, context["channel_id"]
    entities = context.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if not isinstance(entity, Mapping):
            continue
        value = entity.get("value")
        if isinstance(value, Mapping):
            value = value.get("channel_id")
        if isinstance(value, str):
            yield str(entity.get("type")), value
