"""Anchors: messages of ours that stand for a question that no message was written for.

Whoever asks by a command, a shortcut or a dialog leaves nothing in the conversation. The anchor
shows who asked what; the answer stands in its thread, or behind it.
"""

from typing import Any, Final

import structlog

from bot.conversation.messages import ThreadKey
from bot.conversation.names import clean_name
from bot.errors import DeliveryRefused
from bot.language import Language
from bot.slack import limits
from bot.slack.blocks import build_context, build_markdown, build_section
from bot.slack.calls import BLOCK_FAULTS, SlackCalls, metadata
from bot.slack.defuse import defuse
from bot.slack.markdown import escape, plain_text, shorten
from bot.slack.render import NOTICE_EVENT, OutgoingMessage, render_plainly

log = structlog.get_logger(__name__)

ANCHOR_EVENT: Final = "aloud_anchor"
"""Metadata `event_type` of anchors; they are no answers."""

_PART: Final = 1
_SKEW_SECONDS: Final = 60.0
"""By how much Slack's clock and ours may differ."""


def render_question(question: str, heading: str, note: str = "") -> OutgoingMessage:
    """Render an anchor: its heading (mrkdwn, made safe), and the question (plain Markdown) quoted.

    `note` is one plain sentence, "" for none.
    """
    heading = shorten(heading, limits.CONTEXT_CHARS)
    blocks = [build_section(heading)]
    asked = defuse(question).strip()
    if asked:
        quoted = "\n".join(f"> {line}" for line in asked.splitlines())
        blocks.append(build_markdown(quoted[: limits.MARKDOWN_CHARS]))
    if note:
        blocks.append(build_context(escape(note)))
    heard = plain_text(asked, limits.TEXT_CHARS - len(heading) - 1)
    return OutgoingMessage(f"{heading} {heard}".strip(), blocks)


def say_who_asked(name: str, message_link: str, language: Language) -> str:
    """Head an anchor in a channel: it names who asked, without calling anybody."""
    about = _link(message_link, language.say("this message"))
    named = f"*{escape(defuse(clean_name(name, language.say('Somebody'))))}*"
    if not about:
        return language.say("{name} asked:", name=named)
    return language.say("{name} asked about {message}:", name=named, message=about)


def say_you_asked(message_link: str, language: Language) -> str:
    """Head an anchor in a direct message."""
    about = _link(message_link, language.say("this message"))
    if not about:
        return language.say("You asked:")
    return language.say("You asked about {message}:", message=about)


def say_thread_summary(channel: str, link: str, language: Language) -> str:
    """Head the anchor of a thread that is to be summed up."""
    thread = _link(link, language.say("the thread"))
    if channel.startswith("D"):
        return language.say("Summary of {thread}", thread=thread)
    return language.say("Summary of {thread} in {channel}", thread=thread, channel=f"<#{channel}>")


def say_channel_summary(channel: str, since: str, language: Language) -> str:
    """Head the anchor of a channel that is to be summed up; `since` is a time in words."""
    return language.say("Summary of {channel} since {time}", channel=f"<#{channel}>", time=since)


async def post_in_thread(
    calls: SlackCalls,
    anchor: OutgoingMessage,
    thread: ThreadKey,
    turn_id: str,
    *,
    since: float,
    resumed: bool,
) -> str:
    """Post an anchor in a thread once, and return its `ts`.

    Args:
        calls: The workspace's.
        anchor: What to post.
        thread: Where.
        turn_id: The turn that it is posted for.
        since: Nothing was posted for the turn before, in seconds since 1970.
        resumed: An earlier attempt may have posted it.

    Raises:
        DeliveryError: As `SlackCalls.call` does.
    """
    after_ts = _write_ts(since - _SKEW_SECONDS)
    if resumed:
        found = await calls.find_posts(
            channel=thread.channel,
            thread_ts=thread.thread_ts,
            turn_id=turn_id,
            event_type=ANCHOR_EVENT,
            after_ts=after_ts,
        )
        if _PART in found:
            return found[_PART]
    return await calls.post(
        anchor,
        channel=thread.channel,
        thread_ts=thread.thread_ts,
        turn_id=turn_id,
        part=_PART,
        event_type=ANCHOR_EVENT,
        after_ts=after_ts,
    )


async def post_to_person(
    calls: SlackCalls,
    anchor: OutgoingMessage,
    person: str,
    turn_id: str,
    *,
    since: float,
    resumed: bool,
) -> tuple[str, str]:
    """Post an anchor in our direct messages with somebody, and return its channel and `ts`.

    Posting to a person's id opens the conversation without a scope for that (Slack docs,
    chat.postMessage), and alone tells its id. So what an earlier attempt posted is found only after
    another one has been: the first stays, and the others go.

    Args:
        calls: The workspace's.
        anchor: What to post.
        person: Whom to.
        turn_id: The turn that it is posted for.
        since: Nothing was posted for the turn before, in seconds since 1970.
        resumed: An earlier attempt may have posted it.

    Raises:
        DeliveryError: As `SlackCalls.call` does.
    """
    channel, ts = await _post_to_person(
        calls, anchor, person, metadata(turn_id, _PART, ANCHOR_EVENT)
    )
    if not resumed:
        return channel, ts
    page = await calls.call(
        "conversations.history",
        channel=channel,
        oldest=_write_ts(since - _SKEW_SECONDS),
        include_all_metadata=True,
        limit=limits.REPLIES_PAGE,
    )
    ours = {ts, *(str(one["ts"]) for one in page["messages"] if _is_anchor_of(turn_id, one))}
    first, *others = sorted(ours)
    for other in others:
        await calls.call("chat.delete", channel=channel, ts=other)
    return channel, first


async def tell_person(calls: SlackCalls, told: str, person: str, turn_id: str) -> None:
    """Write a plain sentence to somebody in our direct messages; raises DeliveryError."""
    message = OutgoingMessage(escape(told), [])
    await _post_to_person(calls, message, person, metadata(turn_id, _PART, NOTICE_EVENT))


async def _post_to_person(
    calls: SlackCalls, message: OutgoingMessage, person: str, about: dict[str, Any]
) -> tuple[str, str]:
    forms = (message, *render_plainly(message))
    for form in forms[:-1]:
        try:
            return await _post_form(calls, form, person, about)
        except DeliveryRefused as error:
            if error.code not in BLOCK_FAULTS:
                raise
            log.info("blocks_refused", method="chat.postMessage", detail=str(error))
    return await _post_form(calls, forms[-1], person, about)


async def _post_form(
    calls: SlackCalls, form: OutgoingMessage, person: str, about: dict[str, Any]
) -> tuple[str, str]:
    answer = await calls.call(
        "chat.postMessage",
        channel=person,
        text=form.text,
        blocks=form.blocks or None,
        metadata=about,
        unfurl_links=False,
        unfurl_media=False,
    )
    return str(answer["channel"]), str(answer["ts"])


def _is_anchor_of(turn_id: str, message: dict[str, Any]) -> bool:
    about = message.get("metadata") or {}
    payload = about.get("event_payload") or {}
    return about.get("event_type") == ANCHOR_EVENT and payload.get("turn") == turn_id


def _write_ts(seconds: float) -> str:
    return f"{max(seconds, 0):017.6f}"


def _link(address: str, label: str) -> str:
    return f"<{escape(address)}|{escape(label)}>" if address else ""
