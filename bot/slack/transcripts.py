"""A conversation read from Slack to be summed up, for the person who asks and for nobody else."""

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from bot.conversation.catch_up import CatchUp, find_zone
from bot.conversation.messages import AssistantMessage, Message
from bot.conversation.names import clean_name
from bot.conversation.transcript import Transcript, Utterance, order
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.language import Told, tell
from bot.slack.limits import REPLIES_PAGE
from bot.slack.threads import to_messages
from bot.slack.viewer import Viewer
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

_Raw = Mapping[str, Any]

_US: Final = "Aloud"
_MOST_MESSAGES: Final = 1_000
_MOST_THREADS: Final = 20
_PATIENCE_SECONDS: Final = 10.0

# What has another subtype was not said: joins, topics, pins.
_SPOKEN: Final = frozenset({"", "bot_message", "file_share", "me_message", "thread_broadcast"})

# One sentence, whether it is the person or we who may not see it, or there is no such thing:
# anything more precise would tell a stranger what there is.
_UNSEEN: Final = tell(
    "I can't read that conversation for you. If you are in it, please invite me there with "
    "/invite, and ask again."
)
_PRIVATE: Final = tell(
    "That conversation is private, so I don't sum it up here. Please ask me in our direct messages."
)
_EMPTY: Final = tell("There are no messages to read.")
_UNREACHED: Final = tell(
    "Slack doesn't let me read the messages just now. Please ask again in a minute."
)


async def read_transcript(
    workspace: Workspace, viewer: Viewer, catch_up: CatchUp, *, time_zone: str = ""
) -> Transcript | Told:
    """Read the messages that are to be summed up, or say why they can't be read.

    Of a channel, the newest 1,000 messages, and what was said meanwhile in its 20 busiest threads,
    older ones among them; of a thread, its first 1,000 messages. What people said, and what we
    answered; no reasoning, and of files their names.

    Slack lets apps that are distributed outside its marketplace read 15 messages a minute (Slack
    changelog, 2025-05-29): then what could be read is returned, with a remark.

    Args:
        workspace: Where.
        viewer: The person who asks; nothing that they don't see is read.
        catch_up: What is to be read.
        time_zone: The person's, such as "Europe/Berlin"; UTC stands in for one not known.

    Raises:
        LeaseLost: As the workspace's calls do.
    """
    try:
        if not await viewer.sees_channel(catch_up.channel):
            return _UNSEEN
        if not await viewer.may_tell(catch_up.channel):
            return _PRIVATE
        reading = _Reading(workspace, catch_up)
        if catch_up.thread_ts:
            threads = [await reading.read_thread(catch_up.thread_ts, whole=True)]
        else:
            threads = await reading.read_channel()
        utterances = await reading.put_plainly(threads)
        if not utterances:
            # The model would sum up all the same, and make something up.
            return _EMPTY
        name = await _name(workspace, catch_up)
    except DeliveryDelayed as error:
        log.warning("transcript_not_read", code=error.code)
        return _UNREACHED
    except DeliveryRefused as error:
        log.info("transcript_not_read", code=error.code)
        return _UNSEEN
    return Transcript(
        name=name,
        utterances=order(utterances),
        since=catch_up.since,
        zone=await asyncio.to_thread(find_zone, time_zone),
        remarks=tuple(reading.remarks),
    )


class _Reading:
    """The calls that read one conversation, and what they could not read."""

    def __init__(self, workspace: Workspace, catch_up: CatchUp) -> None:
        self.remarks: list[Told] = []
        self._workspace = workspace
        self._channel = catch_up.channel
        self._since = _write_ts(catch_up.since)
        self._until = _write_ts(catch_up.until) if catch_up.until else None
        self._address = ""

    async def read_channel(self) -> list[list[_Raw]]:
        """Read the channel's messages, each root with those of its replies that are of the time."""
        roots, is_whole = await self._page(
            "conversations.history", oldest=self._since, latest=self._until
        )
        if not is_whole:
            self.remarks.append(
                tell("Slack let me read only the newest {count} messages.", count=len(roots))
            )
        earlier = await self._read_earlier() if is_whole and self._since else []
        active = [one for one in (*roots, *earlier) if self._is_active(one)]
        busiest = heapq.nlargest(_MOST_THREADS, active, key=lambda one: one.get("reply_count") or 0)
        if len(active) > len(busiest):
            self.remarks.append(
                tell("Of the threads, I read the {count} busiest.", count=len(busiest))
            )
        threads = {one["ts"]: [one] for one in roots if _is_root(one)}
        for root in busiest:
            try:
                threads[root["ts"]] = await self.read_thread(root["ts"])
            except DeliveryDelayed as error:
                log.warning("threads_not_read", code=error.code)
                self.remarks.append(tell("Slack didn't let me read all of the threads."))
                break
        read = {one["ts"] for thread in threads.values() for one in thread}
        # A reply that was sent to the channel as well stands alone where its thread was not read.
        alone = [[one] for one in roots if one["ts"] not in read]
        return [*threads.values(), *alone]

    async def read_thread(self, root_ts: str, *, whole: bool = False) -> list[_Raw]:
        """Read a thread, oldest first; its root comes along however old it is."""
        replies, is_whole = await self._page(
            "conversations.replies",
            ts=root_ts,
            oldest=None if whole else self._since or None,
            latest=self._until,
        )
        if not is_whole and whole:
            self.remarks.append(
                tell("Slack let me read only the first {count} messages.", count=len(replies))
            )
        return replies

    async def put_plainly(self, threads: Sequence[Sequence[_Raw]]) -> list[list[Utterance]]:
        """Put threads into plain words, and say where each message stands."""
        spoken = [one for thread in threads for one in thread if _was_said(one)]
        # All at once, so that people's names are asked for side by side.
        messages = {one.ts: one for one in await to_messages(self._workspace, spoken)}
        plain = []
        for thread in threads:
            said = [messages[one["ts"]] for one in thread if one["ts"] in messages]
            root_ts = next((one.get("thread_ts") or one["ts"] for one in thread), "")
            plain.append([await self._utter(message, root_ts) for message in said])
        return [thread for thread in plain if thread]

    async def _utter(self, message: Message, root_ts: str) -> Utterance:
        return Utterance(
            ts=message.ts,
            at=float(message.ts),
            author=_US if isinstance(message, AssistantMessage) else message.author_name,
            text=_write(message),
            permalink=await self._link(message.ts, root_ts),
            is_reply=message.ts != root_ts,
        )

    async def _read_earlier(self) -> list[_Raw]:
        """Read a page of what was said before, for threads that went on."""
        try:
            page = await self._call("conversations.history", latest=self._since, limit=REPLIES_PAGE)
        except DeliveryDelayed as error:
            log.info("earlier_threads_not_looked_for", code=error.code)
            return []
        return list(page["messages"])

    def _is_active(self, message: _Raw) -> bool:
        return _is_root(message) and (message.get("latest_reply") or "") > self._since

    async def _page(self, method: str, **arguments: object) -> tuple[list[_Raw], bool]:
        """Read page after page; return the messages, and whether these are all.

        Raises DeliveryDelayed when not even the first one came.
        """
        found: dict[str, _Raw] = {}
        cursor = ""
        while len(found) < _MOST_MESSAGES:
            try:
                page = await self._call(
                    method,
                    **arguments,
                    limit=REPLIES_PAGE,
                    include_all_metadata=True,
                    cursor=cursor or None,
                )
            except DeliveryDelayed as error:
                if not found:
                    raise
                log.warning("transcript_cut", method=method, code=error.code)
                return list(found.values()), False
            # The root of a thread heads each of its pages (Slack docs, conversations.replies).
            found |= {one["ts"]: one for one in page["messages"]}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return list(found.values()), True
        return list(found.values())[:_MOST_MESSAGES], False

    async def _call(self, method: str, **arguments: object) -> dict[str, Any]:
        return await self._workspace.calls.call(
            method, patience=_PATIENCE_SECONDS, channel=self._channel, **arguments
        )

    async def _link(self, ts: str, root_ts: str) -> str:
        """Return the message's permalink; Slack tells the first, and the others are like it.

        `/archives/C…/p…`, the digits being the `ts` without its dot; that of a reply adds its
        thread (Slack docs, chat.getPermalink).
        """
        if not self._address:
            try:
                told = await self._call("chat.getPermalink", message_ts=ts)
                url = urlsplit(str(told["permalink"]))
                self._address = f"{url.scheme}://{url.netloc}"
            except DeliveryError as error:
                log.info("permalink_not_told", code=error.code)
                self._address = "https://slack.com"
        link = f"{self._address}/archives/{self._channel}/p{ts.replace('.', '')}"
        return link if ts == root_ts else f"{link}?thread_ts={root_ts}&cid={self._channel}"


async def _name(workspace: Workspace, catch_up: CatchUp) -> str:
    names = await workspace.directory.find_names([f"<#{catch_up.channel}>"])
    channel = names.channels.get(catch_up.channel)
    return f"#{clean_name(channel)}" if channel else ""


def _write(message: Message) -> str:
    if isinstance(message, AssistantMessage) or not message.files:
        return message.text
    names = ", ".join(f"“{clean_name(file.name)}”" for file in message.files)
    return f"{message.text}\n(shared {names})".strip()


def _was_said(message: _Raw) -> bool:
    return (message.get("subtype") or "") in _SPOKEN


def _is_root(message: _Raw) -> bool:
    return message.get("thread_ts") in {None, message["ts"]}


def _write_ts(seconds: float) -> str:
    """Write a time as a `ts`: as they sort, so that it can be compared with them."""
    return f"{seconds:017.6f}" if seconds else ""
