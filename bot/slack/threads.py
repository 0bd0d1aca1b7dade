"""What was said in a thread before we were called into it."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.conversation.messages import AssistantMessage, Message, SharedFile, ThreadKey, UserMessage
from bot.errors import DeliveryError
from bot.slack.events import name_bot, read_text
from bot.slack.files import parse_file
from bot.slack.limits import REPLIES_PAGE
from bot.slack.render import ANSWER_EVENT
from bot.slack.tables import read_blocks
from bot.slack.text import resolve_text
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

_MOST_PAGES = 20


async def read_thread(workspace: Workspace, thread: ThreadKey, *, before: str) -> list[Message]:
    """Read the thread's messages older than the `ts` `before`, oldest first.

    Of our own messages only answers count, told by their metadata: traces and errors are none.
    What was read before Slack refused to go on is returned.

    Raises DeliveryError when Slack lets us read nothing.
    """
    raw: list[Mapping[str, Any]] = []
    cursor = ""
    for _ in range(_MOST_PAGES):
        try:
            page = await workspace.calls.call(
                "conversations.replies",
                channel=thread.channel,
                ts=thread.thread_ts,
                latest=before,
                inclusive=False,
                limit=REPLIES_PAGE,
                include_all_metadata=True,
                cursor=cursor or None,
            )
        except DeliveryError as error:
            if not raw:
                raise
            log.warning("thread_not_read_whole", messages=len(raw), code=error.code)
            break
        raw.extend(page["messages"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    else:
        log.warning("thread_not_read_whole", messages=len(raw))
    return await to_messages(workspace, [message for message in raw if message["ts"] < before])


async def read_files(workspace: Workspace, thread: ThreadKey, ts: str) -> tuple[SharedFile, ...]:
    """Read one message again, for the files that its first event may have lacked."""
    page = await workspace.calls.call(
        "conversations.replies",
        channel=thread.channel,
        ts=thread.thread_ts,
        oldest=ts,
        latest=ts,
        inclusive=True,
        limit=2,
    )
    found = [message for message in page["messages"] if message["ts"] == ts]
    return tuple(parse_file(file) for message in found for file in message.get("files") or ())


async def to_messages(workspace: Workspace, raw: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Put Slack's messages into plain words, without what shows reasoning; raises DeliveryError."""
    bot = workspace.bot
    texts = [read_text(message) for message in raw]
    names = await workspace.directory.find_names(
        texts,
        {message["user"] for message in raw if message.get("user") and not message.get("bot_id")},
    )
    messages: list[Message] = []
    for message, text in zip(raw, texts, strict=True):
        plain = resolve_text(text, names, without_user=bot.user_id)
        if message.get("user") == bot.user_id or message.get("bot_id") == bot.bot_id:
            if (message.get("metadata") or {}).get("event_type") == ANSWER_EVENT:
                messages.append(
                    AssistantMessage(
                        message["ts"], read_blocks(message.get("blocks") or ()) or plain
                    )
                )
            continue
        if message.get("bot_id"):
            author, name = message["bot_id"], name_bot(message)
        else:
            author = message.get("user") or ""
            name = names.users.get(author, "someone")
        files = tuple(parse_file(file) for file in message.get("files") or ())
        if plain or files:
            messages.append(UserMessage(message["ts"], author, name, plain, files))
    return messages
