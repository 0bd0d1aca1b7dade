"""The welcome in a person's direct messages, and in a channel that we were brought into."""

from typing import Final

import structlog

from bot.conversation.preferences import ChannelFiles
from bot.errors import DeliveryRefused
from bot.language import Language
from bot.slack.calls import SlackCalls
from bot.slack.defuse import defuse
from bot.slack.markdown import escape
from bot.slack.visit_events import Visit

log = structlog.get_logger(__name__)

WELCOME_EVENT: Final = "aloud_welcome"
"""Metadata `event_type` of a welcome."""

_PATIENCE_SECONDS: Final = 20.0
_NEWEST: Final = 50
"""Messages in which a welcome that may have been posted is looked for."""


def write_welcome(language: Language, *, shows_reasoning: bool) -> str:
    """Write what a person is told in their direct messages, as mrkdwn."""
    lines = [
        language.say(
            "Hi! I'm Aloud. Ask me anything here, or share a file and I'll summarize it, page by "
            "page."
        ),
        language.say(
            "Try: *What are the risks in this contract?* with a PDF, or begin with `/no_think` for "
            "a quick answer."
        ),
    ]
    if shows_reasoning:
        lines.append(
            language.say("How I came to an answer stands behind *Show reasoning*, right under it.")
        )
    return "\n".join(lines)


def write_channel_welcome(language: Language, *, name: str, files: ChannelFiles) -> str:
    """Write what a channel is told that we were brought into, as mrkdwn.

    Args:
        language: Of the person who brought us.
        name: What we are called there.
        files: What happens to files that are shared in the channel.
    """
    called = escape(defuse(name))
    lines = [
        language.say(
            "Hi! I'm Aloud. Mention *@{name}* with a question, and I'll answer in the thread.",
            name=called,
        )
    ]
    match files:
        case "summarize":
            lines.append(language.say("Files that are shared here get a summary in their thread."))
        case "offer":
            lines.append(
                language.say("When a file is shared here, I offer to summarize it in its thread.")
            )
        case "off":
            lines.append(language.say("I read files only when you mention me with them."))
    lines.append(language.say("`/aloud settings` changes that for this channel."))
    return "\n".join(lines)


async def post_welcome(calls: SlackCalls, visit: Visit, text: str) -> None:
    """Post a welcome where somebody came; raises DeliveryError.

    After a DeliveryUnconfirmed it may stand there: `has_welcome` tells.
    """
    await calls.call(
        "chat.postMessage",
        patience=_PATIENCE_SECONDS,
        channel=visit.channel,
        thread_ts=visit.thread_ts or None,
        text=text,
        metadata={"event_type": WELCOME_EVENT, "event_payload": {}},
        unfurl_links=False,
        unfurl_media=False,
    )


async def has_welcome(calls: SlackCalls, visit: Visit) -> bool:
    """Look for a welcome that an earlier attempt may have posted; raises DeliveryDelayed.

    If we may not look, the answer is yes: rather none than two.
    """
    method, thread = "conversations.history", {}
    if visit.thread_ts:
        method, thread = "conversations.replies", {"ts": visit.thread_ts}
    try:
        page = await calls.call(
            method,
            patience=_PATIENCE_SECONDS,
            channel=visit.channel,
            limit=_NEWEST,
            include_all_metadata=True,
            **thread,
        )
    except DeliveryRefused as error:
        log.info("welcome_not_looked_for", code=error.code)
        return True
    about = [message.get("metadata") or {} for message in page.get("messages") or ()]
    return any(one.get("event_type") == WELCOME_EVENT for one in about)
