"""The state of one local workspace, and who is told when it changes.

Everything here is plain memory: no I/O, no event loop. Values are frozen; a change puts a new
value in the old one's place and tells every watcher what was there before and what is there now.
"""

import re
import secrets
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.demo.profiles import ALL_FEATURES, Profile

Json = dict[str, Any]

TEAM_ID = "T0TEAM0001"
APP_ID = "A0APP00001"
BOT_USER_ID = "U0BOT00001"
BOT_ID = "B0BOT00001"
SLACKBOT = "USLACKBOT"
ALICE = "U0ALICE001"
BOB = "U0BOB00001"
OTHER_BOT_USER_ID = "U0OTHERBOT"
GENERAL = "C0GENERAL1"
RANDOM = "C0RANDOM01"
ALICE_DM = "D0DIRECT01"
BOB_DM = "D0DIRECT02"

STATUS_SECONDS = 120.0
"""A thread's status line clears by itself after two minutes (Slack docs,
assistant.threads.setStatus)."""

ChannelKind = Literal["channel", "group", "im", "mpim"]
Posting = Literal["", "read_only", "thread_only", "non_threadable"]
StreamState = Literal["", "in_progress", "completed"]
Place = tuple[str, str]
"""A channel and a `ts` in it."""


@dataclass(frozen=True, slots=True)
class User:
    """A person, or a bot when `bot_id` is set."""

    id: str
    name: str
    real_name: str
    team: str = TEAM_ID
    bot_id: str = ""
    app_id: str = ""
    deleted: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    is_admin: bool = False
    locale: str = "en-US"
    time_zone: str = "Europe/London"


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation; `kind` is `group` for a private channel.

    Attributes:
        id: Its id; a group direct message's begins with `C` or `G`.
        name: Without the `#`, "" for a direct conversation.
        kind: What sort it is.
        members: Who is in it; the app only if it was invited.
        archived: Nobody can write in it any more.
        shared_externally: Another organisation is in it (Slack Connect).
        posting: What the app may not do there, as a workspace's admins can set it.
    """

    id: str
    name: str
    kind: ChannelKind
    members: frozenset[str]
    archived: bool = False
    shared_externally: bool = False
    posting: Posting = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file's entry; its bytes stand in `Workspace.contents`.

    Attributes:
        mode: As Slack names it: `hosted`, `snippet`, `external`, `tombstone`, `hidden_by_limit`,
            `file_access` (a stub of another organisation's file).
        url: Where an `external` file is kept, else "".
        shares: The messages that show it.
    """

    id: str
    name: str
    media_type: str
    size: int
    owner: str
    created: int
    title: str = ""
    mode: str = "hosted"
    url: str = ""
    shares: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `text` is wire text, with Slack's entities and escapes.

    Attributes:
        thread_ts: The root's `ts` when this is a reply, else "".
        blocks: Block Kit as JSON, each with a `block_id`; never changed in place.
        files: Ids of the files it shows.
        edited: Who changed it last and when, as Slack's `ts`.
        audience: For an ephemeral message the only person who sees it, else "".
        streaming: Whether a stream writes it now, or did.
        unfurls: Links that were previewed under it.
        reactions: Emoji name to the people who added it.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    files: tuple[str, ...] = ()
    metadata: Json | None = None
    subtype: str = ""
    bot_id: str = ""
    username: str = ""
    client_msg_id: str = ""
    edited: tuple[str, str] | None = None
    audience: str = ""
    streaming: StreamState = ""
    unfurls: tuple[str, ...] = ()
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return (self.channel, self.ts)

    @property
    def root_ts(self) -> str:
        """The `ts` of the thread's root: its own when it is none's reply."""
        return self.thread_ts or self.ts

    @property
    def in_channel(self) -> bool:
        """Whether the channel shows it: roots, and replies broadcast to it."""
        return not self.thread_ts or self.subtype == "thread_broadcast"


@dataclass(frozen=True, slots=True)
class Stream:
    """A message being streamed.

    Attributes:
        mode: What it was started with; Slack refuses to mix the two in one message
            (vercel/chat#886).
        started_at: Seconds since 1970.
        size: UTF-8 bytes of text written so far.
        stopped_by: The person who pressed Stop, else "".
    """

    mode: Literal["text", "chunks", ""]
    started_at: float
    size: int = 0
    stopped_by: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The line under a thread that says what the app does now."""

    text: str
    set_at: float
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """What the workspace counts of a thread, to answer in constant time."""

    replies: list[str] = field(default_factory=list)
    authors: dict[str, int] = field(default_factory=dict)


ChangeKind = Literal[
    "posted", "edited", "deleted", "streamed", "ephemeral", "status", "session", "prompts",
    "title", "reaction", "view", "file", "channel", "user", "viewing",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened; `before` and `after` are the message where it is about one.

    A change of a `view` or of what somebody is `viewing` has that person's id as its channel.
    """

    kind: ChangeKind
    channel: str = ""
    ts: str = ""
    before: Message | None = None
    after: Message | None = None


class Workspace:
    """People, channels, messages, files, and everything an app can set in them.

    Args:
        clock: Seconds since 1970; message timestamps and expiries follow it.
        profile: What is switched on here.
    """

    def __init__(self, clock: Callable[[], float], profile: Profile = ALL_FEATURES) -> None:
        self.clock = clock
        self.profile = profile
        self.origin = "https://acme.slack.com"
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[Place, Message] = {}
        self.ephemerals: dict[Place, Message] = {}
        self.threads: dict[Place, Thread] = {}
        self.timelines: dict[str, list[str]] = {}
        self.files: dict[str, File] = {}
        self.contents: dict[str, bytes] = {}
        self.streams: dict[Place, Stream] = {}
        self.statuses: dict[Place, Status] = {}
        self.sessions: dict[Place, str] = {}
        self.titles: dict[Place, str] = {}
        self.prompts: dict[Place, tuple[Json, ...]] = {}
        self.prompt_headings: dict[Place, str] = {}
        self.homes: dict[str, Json] = {}
        self.modals: dict[str, tuple[Json, ...]] = {}
        self.viewing: dict[str, str] = {}
        self.assistant_threads: dict[str, str] = {}
        self.locked_threads: set[Place] = set()
        self._last_ts: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self._watchers: list[Callable[[Change], None]] = []

    def watch(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Call `watcher` with every change from now on; return what ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def tell(self, change: Change) -> None:
        for watcher in tuple(self._watchers):
            watcher(change)

    def next_ts(self, channel: str) -> str:
        """Return a `ts` later than all before it in this channel; others may have the same."""
        micros = max(int(self.clock() * 1_000_000), self._last_ts.get(channel, 0) + 1)
        self._last_ts[channel] = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def note_ts(self, channel: str, ts: str) -> None:
        """Remember a `ts` from an earlier run, so that the next ones come after it."""
        micros = int(ts.replace(".", ""))
        self._last_ts[channel] = max(micros, self._last_ts.get(channel, 0))

    def next_id(self, prefix: str) -> str:
        """Return an id such as `F0000000001`, never given before in this workspace."""
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}0{self.counts[prefix]:09d}"

    def add_user(self, user: User) -> User:
        self.users[user.id] = user
        self.tell(Change("user"))
        return user

    def add_channel(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.timelines.setdefault(channel.id, [])
        self.tell(Change("channel", channel.id))
        return channel

    def change_channel(self, channel: str, **fields: Any) -> Channel:
        """Put a copy with these fields (`archived`, `members`, …) in the channel's place."""
        return self.add_channel(replace(self.channels[channel], **fields))

    def direct_channel(self, user: str) -> Channel:
        """Return the bot's direct conversation with a person, opened if there is none yet."""
        members = frozenset({user, BOT_USER_ID})
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members == members:
                return channel
        return self.add_channel(Channel(self.next_id("D"), "", "im", members))

    @property
    def views(self) -> dict[str, Json]:
        """What is open now: `home:` and a person's id, or `modal:` for the topmost modal."""
        homes = {f"home:{user}": view for user, view in self.homes.items()}
        return homes | {f"modal:{user}": stack[-1] for user, stack in self.modals.items()}

    def insert(self, message: Message) -> None:
        """Put a message in its order in channel and thread, and tell nobody."""
        self.messages[message.place] = message
        if message.thread_ts:
            thread = self.threads.setdefault((message.channel, message.thread_ts), Thread())
            thread.replies.append(message.ts)
            author = message.user or message.bot_id
            thread.authors[author] = thread.authors.get(author, 0) + 1
        if message.in_channel:
            self.timelines[message.channel].append(message.ts)

    def post(self, message: Message) -> Message:
        """Add a message whose `ts` is new in its channel."""
        self.insert(message)
        for file_id in message.files:
            shared = self.files[file_id]
            self.files[file_id] = replace(shared, shares=(*shared.shares, message.place))
        self.tell(Change("posted", message.channel, message.ts, after=message))
        if message.bot_id:
            self.set_status((message.channel, message.root_ts), None)
        return message

    def put(self, message: Message, kind: ChangeKind = "edited") -> Message:
        """Put a changed message in its place."""
        before = self.messages[message.place]
        self.messages[message.place] = message
        self.tell(Change(kind, message.channel, message.ts, before, message))
        return message

    def delete(self, place: Place) -> None:
        """Delete a message; a root that has replies stays as a tombstone (Slack's web client)."""
        message = self.messages[place]
        self.streams.pop(place, None)
        if not message.thread_ts and place in self.threads:
            self.put(
                Message(
                    message.channel,
                    message.ts,
                    SLACKBOT,
                    "This message was deleted.",
                    subtype="tombstone",
                )
            )
            return
        del self.messages[place]
        if message.thread_ts:
            self._leave_thread(message)
        if message.in_channel:
            self.timelines[message.channel].remove(message.ts)
        self.tell(Change("deleted", message.channel, message.ts, before=message))

    def _leave_thread(self, message: Message) -> None:
        root = (message.channel, message.thread_ts)
        thread = self.threads[root]
        thread.replies.remove(message.ts)
        author = message.user or message.bot_id
        thread.authors[author] -= 1
        if not thread.authors[author]:
            del thread.authors[author]
        if not thread.replies:
            del self.threads[root]

    def replies(
        self, root: Place, *, after: str = "", until: str = "", limit: int | None = None
    ) -> list[Message]:
        """Return the replies with `after` < `ts` <= `until`, oldest first, at most `limit`."""
        stamps = self.threads[root].replies if root in self.threads else []
        start = bisect_right(stamps, after) if after else 0
        end = bisect_right(stamps, until) if until else len(stamps)
        if limit is not None:
            end = min(end, start + limit)
        return [self.messages[(root[0], ts)] for ts in stamps[start:end]]

    def show_only_to(self, message: Message) -> Message:
        """Add an ephemeral message, or put a changed one in its place."""
        self.ephemerals[message.place] = message
        self.tell(Change("ephemeral", message.channel, message.ts, after=message))
        return message

    def hide_ephemeral(self, place: Place) -> None:
        message = self.ephemerals.pop(place)
        self.tell(Change("ephemeral", message.channel, message.ts, before=message))

    def add_file(
        self,
        name: str,
        content: bytes,
        media_type: str,
        owner: str,
        *,
        mode: str = "hosted",
        url: str = "",
    ) -> File:
        file = File(
            id=self.next_id("F"),
            name=name,
            media_type=media_type,
            size=len(content),
            owner=owner,
            created=int(self.clock()),
            mode=mode,
            url=url,
        )
        self.contents[file.id] = content
        return self.put_file(file)

    def put_file(self, file: File) -> File:
        self.files[file.id] = file
        self.tell(Change("file"))
        return file

    def delete_file(self, file_id: str) -> None:
        """Delete a file's bytes; messages keep a tombstone of it."""
        self.contents.pop(file_id, None)
        file = self.files[file_id]
        self.put_file(replace(file, mode="tombstone", name="", title="", size=0))
        for place in file.shares:
            if place in self.messages:
                self.put(self.messages[place])

    def set_status(self, thread: Place, status: Status | None) -> None:
        if status is None:
            if self.statuses.pop(thread, None) is None:
                return
        else:
            self.statuses[thread] = status
        self.tell(Change("status", *thread))

    def status_of(self, thread: Place) -> str:
        """Return the status line that is shown in a thread now, or ""."""
        status = self.statuses.get(thread)
        if status is None or self.clock() - status.set_at > STATUS_SECONDS:
            return ""
        return status.text

    def set_session(self, thread: Place, state: str) -> None:
        self.sessions[thread] = state
        self.tell(Change("session", *thread))


def name_blocks(blocks: Iterable[Json]) -> tuple[Json, ...]:
    """Give each block without a `block_id` one, as Slack does; blocks in a container too."""
    return tuple(map(_name_block, blocks))


def _name_block(block: Json) -> Json:
    named = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)[:5]}
    if block.get("child_blocks"):
        named["child_blocks"] = list(name_blocks(block["child_blocks"]))
    return named


def mentions(text: str, user: str) -> bool:
    """Tell whether wire text mentions the user."""
    return re.search(rf"<@{re.escape(user)}(\|[^>]*)?>", text) is not None


def elements_of(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Return every element a person can press or fill in, with the block it stands in."""
    for block in blocks:
        yield from elements_of(block.get("child_blocks", ()))
        elements = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        yield from ((block, element) for element in elements if element)


def find_element(blocks: Iterable[Json], action_id: str) -> tuple[Json, Json] | None:
    """Find an interactive element: the block it stands in, and itself."""
    for block, element in elements_of(blocks):
        if element.get("action_id") == action_id:
            return block, element
    return None
