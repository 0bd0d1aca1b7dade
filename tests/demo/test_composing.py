"""Typed text to wire text, wire text to rich text."""

import pytest

from bot.demo.composing import encode_typed, escape, links_of, rich_text_of, unescape
from bot.demo.workspace import BOT_USER_ID

USERS = {"aloud": BOT_USER_ID}
CHANNELS = {"general": "C0GENERAL1"}


@pytest.mark.parametrize(
    ("typed", "wire"),
    [
        ("@aloud hi", f"<@{BOT_USER_ID}> hi"),
        ("hi @Aloud, you", f"hi <@{BOT_USER_ID}>, you"),
        ("mail a@aloud.com", "mail a@aloud.com"),
        ("@nobody", "@nobody"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("<@U0BOT00001>", "&lt;@U0BOT00001&gt;"),
        ("see #general", "see <#C0GENERAL1|general>"),
        ("#nowhere", "#nowhere"),
        ("@here", "<!here>"),
        ("https://x.com/a?b=1&c=2.", "<https://x.com/a?b=1&amp;c=2>."),
        ("(https://x.com)", "(<https://x.com>)"),
    ],
)
def test_typed_text_is_encoded_as_slack_s_client_does(typed: str, wire: str) -> None:
    assert encode_typed(typed, USERS, CHANNELS) == wire


def test_escapes_go_both_ways() -> None:
    assert unescape(escape("&lt; <b> & &amp;")) == "&lt; <b> & &amp;"


def test_rich_text_takes_tokens_apart() -> None:
    wire = f"<@{BOT_USER_ID}> a &amp; b <https://x.com/?a=1&amp;b=2|it> <#C1|general> <!here>"
    [section] = rich_text_of(wire)["elements"]
    assert section["elements"] == [
        {"type": "user", "user_id": BOT_USER_ID},
        {"type": "text", "text": " a & b "},
        {"type": "link", "url": "https://x.com/?a=1&b=2", "text": "it"},
        {"type": "text", "text": " "},
        {"type": "channel", "channel_id": "C1"},
        {"type": "text", "text": " "},
        {"type": "broadcast", "range": "here"},
    ]


def test_links_are_found_in_tokens_and_bare() -> None:
    assert links_of("<https://a.com/?x=1&amp;y=2|a> and https://b.com, <@U1> <mailto:a@b.c>") == [
        "https://a.com/?x=1&y=2",
        "https://b.com",
    ]


def test_links_that_markdown_puts_in_pointed_brackets_end_before_the_bracket() -> None:
    assert links_of("see &lt;https://example.com/a&gt; and <https://example.com/?a=1&amp;b=2>") == [
        "https://example.com/?a=1&b=2",
        "https://example.com/a",
    ]
