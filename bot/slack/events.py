"""Events in: Slack's event payloads as typed values, and the first decision on each. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args

from pydantic import TypeAdapter

from bot.conversation.catch_up import CatchUp
from bot.conversation.messages import SharedFile, ThreadKey
from bot.conversation.preferences import Style
from bot.slack.files import parse_file

Call = Literal["direct", "mention", "asked", "share", "summary", "reply", "overheard", "deleted"]
"""Why a message may want an answer.

It was written in a DM; names the bot; was asked with a command, a shortcut or a dialog, so that a
message of ours stands for it; shares a file in a channel, or one that is to be summarized
after all; replies in a thread that the bot may be part of. What another bot says in such a thread
is overheard, and never answered. A message that was deleted before its answer was done is marked so
later; no event says it of itself.
"""

_STYLES: Final[tuple[Style, ...]] = get_args(Style)
# Everything else with a subtype is the platform talking (joins, topics, reminders), not a person.
_SPOKEN_SUBTYPES = {None, "bot_message", "file_share", "thread_broadcast"}


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Who we are in one workspace."""

    team: str
    user_id: str
    bot_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A person's message that may want an answer; `text` is still Slack's mrkdwn.

    Attributes:
        thread: Where it was written; a root is its own thread.
        ts: Its own.
        author: The person's user id, or the other bot's bot id.
        author_team: The person's workspace, which may be another in a shared channel.
        text: As Slack has it.
        call: Why it may want an answer.
        files: What was shared with it.
        sparse: It may lack its files: `app_mention` can come without them, ahead of the fuller
            `message` event of the same post (openclaw#115157).
        edited: The mention came with an edit (bolt-js#960).
        bot_name: What another bot calls itself, else "".
        forwarded: The end of `text` that others wrote: messages that are shared with this one.
        allowance: How often the usual amount of its long documents may be read; it grows each time
            a person asks for the rest.
        style: How its answer is wanted, if it is to be written anew.
        catch_up: The conversation that it asks to be summed up, if any.
    """

    thread: ThreadKey
    ts: str
    author: str
    author_team: str
    text: str
    call: Call
    files: tuple[SharedFile, ...] = ()
    sparse: bool = False
    edited: bool = False
    bot_name: str = ""
    forwarded: str = ""
    allowance: int = 1
    style: Style = ""
    catch_up: CatchUp | None = None

    @property
    def key(self) -> str:
        """What one post is known by, however many events it comes in."""
        return _message_key(self.thread, self.ts)

    @property
    def root_key(self) -> str:
        """What the root of its thread is known by; its own key if it is one."""
        return _message_key(self.thread, self.thread.thread_ts)

    @property
    def is_private(self) -> bool:
        """Whether it was written in a direct message to us, where nobody else reads the answer."""
        return self.thread.channel.startswith("D")

    @property
    def in_thread(self) -> bool:
        """Whether it is a reply, not a root."""
        return self.ts != self.thread.thread_ts


@dataclass(frozen=True, slots=True)
class Edited:
    """A person changed a message's text; `edited_ts` is when."""

    thread: ThreadKey
    ts: str
    text: str
    edited_ts: str

    @property
    def key(self) -> str:
        """One edit, however often it is delivered."""
        return f"edit:{self.message_key}:{self.edited_ts}"

    @property
    def message_key(self) -> str:
        """The key of the message that was edited."""
        return _message_key(self.thread, self.ts)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message is gone."""

    thread: ThreadKey
    ts: str

    @property
    def message_key(self) -> str:
        """The key of the message that was deleted."""
        return _message_key(self.thread, self.ts)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for us; the reason is for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class SessionStopped:
    """A person pressed Slack's own Stop in a thread we are at work in.

    Attributes:
        thread: Where.
        streaming: The `ts` of the messages that were being streamed there.
        asked_at: When, in seconds since 1970.
    """

    thread: ThreadKey
    streaming: tuple[str, ...]
    asked_at: float


Inbound = Said | Edited | Deleted | Ignored


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button, or chose from a menu, under one of our messages.

    `style` is how the person wants the answer written anew, where the menu asks for that.
    """

    action: str
    turn_id: str
    thread: ThreadKey
    message_ts: str
    user: str
    action_ts: str
    text: str
    blocks: tuple[dict[str, Any], ...]
    style: Style = ""

    @property
    def key(self) -> str:
        """One press, however often it is delivered."""
        return f"{self.lane}:{self.user}:{self.action_ts}"

    @property
    def lane(self) -> str:
        """Presses of one message run in order; they never wait for the thread's answers."""
        return f"press:{self.thread.team}:{self.thread.channel}:{self.message_ts}"


_Kept = TypeVar("_Kept", Said, Edited, Press)

# Built once: building one takes longer than all else that happens before an ack.
_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (Said, Edited, Press)
}


def to_json(value: Said | Edited | Press) -> dict[str, Any]:
    """The value as JSON, for the ledger."""
    written: dict[str, Any] = _ADAPTERS[type(value)].dump_python(value, mode="json")
    return written


def from_json(kind: type[_Kept], payload: Mapping[str, Any]) -> _Kept:
    """The value that `to_json` wrote."""
    value: _Kept = _ADAPTERS[kind].validate_python(payload)
    return value


def parse_event(
    body: Mapping[str, Any], bot: BotIdentity, answered_bots: Collection[str] = ()
) -> Inbound:
    """Read the outer body of an `app_mention` or `message` event.

    Mentions by the bots of these ids are taken as those by people; what else bots say is not.
    """
    event = body["event"]
    team = find_team(body) or bot.team
    if event.get("subtype") == "message_changed":
        return _parse_change(event, team)
    if event.get("subtype") == "message_deleted":
        return _parse_deletion(event, team)
    if event.get("subtype") not in _SPOKEN_SUBTYPES:
        return Ignored(f"subtype_{event['subtype']}")
    if event.get("user") == bot.user_id or event.get("bot_id") == bot.bot_id:
        return Ignored("own_message")
    files = tuple(parse_file(file) for file in event.get("files") or ())
    call = _find_call(event, bot, has_files=bool(files))
    if call is None:
        return Ignored("not_addressed")
    # A modern bot's post has no subtype; its bot_id gives it away (Slack docs, "bot_message").
    bot_name = ""
    if event.get("bot_id") or not event.get("user"):
        bot_name = name_bot(event)
        if not (call == "mention" and event.get("bot_id") in answered_bots):
            if event.get("thread_ts", event["ts"]) == event["ts"] or not event.get("bot_id"):
                return Ignored("other_bot")
            call = "overheard"
    return Said(
        thread=_thread_of(event, team, event["channel"]),
        ts=event["ts"],
        author=event["bot_id"] if bot_name else event["user"],
        author_team=event.get("user_team") or event.get("team") or team,
        text=read_text(event),
        forwarded=read_forwarded(event),
        call=call,
        files=files,
        sparse=event["type"] == "app_mention" and not files,
        edited=call == "mention" and "edited" in event,
        bot_name=bot_name,
    )


def parse_session_stop(body: Mapping[str, Any]) -> SessionStopped:
    """Read the outer body of an `agent_session_stopped` event."""
    event = body["event"]
    # Only sessions that are a whole channel lack the thread, and we have none of those.
    thread = ThreadKey(find_team(body), event["channel"], event.get("thread_ts") or "")
    streaming = tuple(event.get("streaming_message_ts") or ())
    return SessionStopped(thread, streaming, float(event.get("event_ts") or body["event_time"]))


def find_team(body: Mapping[str, Any]) -> str:
    """Return the team of the installation that an event was delivered for.

    In shared channels and org installs `event.team` is the writer's workspace, not ours.
    """
    authorizations = body.get("authorizations") or [{}]
    return (
        authorizations[0].get("team_id") or body.get("context_team_id") or body.get("team_id") or ""
    )


def read_text(message: Mapping[str, Any]) -> str:
    """The message's text with what it forwards; `text` alone can be partial or empty."""
    own = message.get("text") or ""
    return "\n\n".join(part for part in (own, read_forwarded(message)) if part)


def read_forwarded(message: Mapping[str, Any]) -> str:
    """What of the message's text others have written: the messages that it shares."""
    parts = []
    for attachment in message.get("attachments") or ():
        # A link's unfurl repeats the web; a shared message is what the person wants read.
        is_message = attachment.get("is_share") or attachment.get("is_msg_unfurl")
        if is_message or not message.get("text"):
            quoted = attachment.get("text") or attachment.get("fallback") or ""
            if quoted:
                author = attachment.get("author_name") or attachment.get("title") or ""
                parts.append(f"{author}: {quoted}" if author else quoted)
    return "\n\n".join(parts)


def name_bot(message: Mapping[str, Any]) -> str:
    """What the bot that wrote a message calls itself."""
    name: str = message.get("username") or (message.get("bot_profile") or {}).get("name") or "a bot"
    return name


def mentions(text: str, user_id: str) -> bool:
    """Whether `text` names the user."""
    return re.search(rf"<@{re.escape(user_id)}(\|[^>]*)?>", text) is not None


def parse_press(body: Mapping[str, Any]) -> Press:
    """Read a `block_actions` payload of a message's button."""
    action = body["actions"][0]
    container = body.get("container") or {}
    message = body.get("message") or {}
    message_ts = container.get("message_ts") or message.get("ts") or ""
    # A menu's option says how, then what: "shorter:" and the turn.
    chosen = (action.get("selected_option") or {}).get("value") or ""
    style, _, turn_id = chosen.rpartition(":")
    return Press(
        action=action["action_id"],
        turn_id=turn_id or action.get("value") or "",
        thread=ThreadKey(
            team=(body.get("team") or {}).get("id") or body["user"].get("team_id") or "",
            channel=container.get("channel_id") or (body.get("channel") or {}).get("id") or "",
            thread_ts=container.get("thread_ts") or message.get("thread_ts") or message_ts,
        ),
        message_ts=message_ts,
        user=body["user"]["id"],
        action_ts=action.get("action_ts") or "",
        text=message.get("text") or "",
        blocks=tuple(message.get("blocks") or ()),
        style=next((one for one in _STYLES if one == style), ""),
    )


def _find_call(event: Mapping[str, Any], bot: BotIdentity, *, has_files: bool) -> Call | None:
    if event.get("channel_type") in {"im", "app_home"}:
        return "direct"
    if event["type"] == "app_mention" or mentions(event.get("text") or "", bot.user_id):
        return "mention"
    if has_files:
        return "share"
    if event.get("thread_ts", event["ts"]) != event["ts"]:
        return "reply"
    return None


def _parse_change(event: Mapping[str, Any], team: str) -> Inbound:
    message, previous = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":
        return Deleted(_thread_of(message, team, event["channel"]), message["ts"])
    # Unfurls, thread counters and streams fire it too; only a person's edit carries `edited`.
    if (
        message.get("bot_id")
        or "edited" not in message
        or message.get("text") == previous.get("text")
    ):
        return Ignored("not_an_edit")
    return Edited(
        thread=_thread_of(message, team, event["channel"]),
        ts=message["ts"],
        text=message.get("text") or "",
        edited_ts=message["edited"]["ts"],
    )


def _parse_deletion(event: Mapping[str, Any], team: str) -> Inbound:
    previous = event.get("previous_message") or {}
    ts = event.get("deleted_ts") or previous.get("ts")
    if not ts:
        return Ignored("deletion_without_ts")
    return Deleted(_thread_of({**previous, "ts": ts}, team, event["channel"]), ts)


def _thread_of(message: Mapping[str, Any], team: str, channel: str) -> ThreadKey:
    return ThreadKey(team, channel, message.get("thread_ts") or message["ts"])


def _message_key(thread: ThreadKey, ts: str) -> str:
    return f"{thread.team}:{thread.channel}:{ts}"
