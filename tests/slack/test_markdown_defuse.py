"""Whatever the model writes pings nobody, fetches nothing, and stays readable."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.slack.defuse import StreamDefuser, defuse

BREAK = "\u200b"
HOSTILE = st.lists(
    st.sampled_from(
        [
            "<!channel>",
            "<!here|here>",
            "<!everyone>",
            "<!subteam^S1|@g>",
            "<@U0ALICE001>",
            "<#C0GENERAL1|x>",
            "<!date^1^{date}|x>",
            "@channel",
            "@here",
            "@everyone",
            "<",
            ">",
            "@",
            "!",
            "[",
            "]",
            "(",
            ")",
            "`",
            "``",
            "```",
            "~~~",
            "\\",
            "|",
            "\n",
            "\n\n",
            " ",
            "a",
            "here",
            "channel",
            "https://bank.example",
            "http://evil.example/x",
            "mailto:a@b.c",
            "<https://evil.example|bank>",
            "![a](http://x.example)",
            "[a](b)",
            "    ",
            "> ",
        ]
    ),
    max_size=30,
).map("".join)
LIVE = re.compile(
    r"<(?:[@#][A-Z][A-Z0-9]{2}|!subteam\^|!date\^|!(?:channel|here|everyone)\b)"
    r"|(?<!\w)@(?:channel|here|everyone)\b"
)


@pytest.mark.parametrize(
    "token",
    [
        "<!channel>",
        "<!here>",
        "<!everyone>",
        "<!here|here>",
        "<!subteam^S0TEAM|@ops>",
        "<@U0ALICE001>",
        "<@W0ALICE001|al>",
        "<#C0GENERAL1>",
        "<!date^1^{date}|soon>",
        "@channel",
        "@here",
        "@everyone",
        "@Channel",
        "<!EVERYONE>",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "Hello {}, hi", "`{}`", "```\n{}\n```\n", "a.{}", "[{}](http://x.example)"]
)
def test_tokens_that_would_ping_are_broken_up_but_readable(token: str, around: str) -> None:
    safe = defuse(around.format(token))

    assert token not in safe
    assert not LIVE.search(safe)
    assert safe.replace(BREAK, "") == around.format(token)


@pytest.mark.parametrize(
    "text",
    [
        "See <https://example.com/a?b=c&d=e>.",
        "if a < b and b <c: a<!b",
        "`List<int>` and Map<String, List<@NonNull T>>",
        "write to ann@here.com or <mailto:bob@example.com>",
        "<!DOCTYPE html><!-- a comment -->",
        "@decorator\n@channels @hereby @alice",
        "- [ ] open\n- [x] done [1] [p. 3]\n",
        "[docs](https://docs.example.com/x_(y)) and [a][1]\n\n[1]: https://example.com",
        "Use `![alt](url)` for images.",
        "```markdown\n![alt](https://example.com/a.png)\n[a](b c)\n```\n",
        "~~~\n![alt](x)\n~~~\n",
        "1. item\n\n   ```py\n   a[0](1)\n   ```\n",
        "unclosed ` backtick and ``` three",
        r"\![not an image](x) \[no link\]",
        "| a | b |\n|---|---|\n| `x` | 1 |\n",
        "Great![1] f(x)[2] x!",
        "[example.com](https://www.example.com/pricing)",
        "[www.example.com](https://docs.example.com/pricing)",
        "[the report](https://files.example.com/q3)",
    ],
)
def test_ordinary_markdown_is_left_alone(text: str) -> None:
    assert defuse(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("![a cat](https://x.example/c.png)", "[a cat](https://x.example/c.png)"),
        ("!![a](http://x.example)", f"!{BREAK}[a](http://x.example)"),
        ("[![b](i.png)](http://l.example)", "[[b](i.png)](http://l.example)"),
        ('![a](<http://x.example> "t")', '[a](<http://x.example> "t")'),
    ],
)
def test_images_become_links(text: str, safe: str) -> None:
    assert defuse(text) == safe


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("[https://bank.example](https://evil.example/?q=1)", "evil.example"),
        ("[bank.example](http://evil.example)", "evil.example"),
        ("[www.bank.example/login](https://evil.example)", "evil.example"),
        ("[go to https://bank.example](https://bank.example@evil.example/)", "evil.example"),
        (r"[https://bank.example](https://evil.example\@bank.example)", "evil.example"),
        ("[https://bank.example](https://notbank.example)", "notbank.example"),
        ("[https://bank.example](https://evil&#46;example)", "evil.example"),
    ],
)
def test_a_link_that_shows_another_host_names_its_own(link: str, host: str) -> None:
    label, _, target = link.partition("](")

    assert defuse(link) == f"{label} ({host})]({target}"


def test_slacks_own_labelled_links_are_broken_up() -> None:
    assert defuse("<https://evil.example|bank>") == f"<{BREAK}https://evil.example|bank>"


def test_a_link_too_long_to_be_understood_is_no_link() -> None:
    link = f"[https://bank.example](https://evil.example/{'x' * 3000})"

    assert f"]{BREAK}(" in defuse(link)


@given(HOSTILE)
@example("<!chan\nnel>")
@settings(max_examples=300, deadline=None)
def test_nothing_live_is_left(text: str) -> None:
    assert not LIVE.search(defuse(text))


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_defusing_twice_changes_nothing(text: str) -> None:
    once = defuse(text)

    assert defuse(once) == once


@given(HOSTILE, st.data())
@settings(max_examples=500, deadline=None)
def test_pieces_defuse_as_the_whole(text: str, data: st.DataObject) -> None:
    borders = data.draw(st.lists(st.integers(0, len(text)), max_size=8).map(sorted))
    defuser = StreamDefuser()
    shown = ""
    for start, end in zip([0, *borders], [*borders, len(text)], strict=True):
        shown += defuser.feed(text[start:end])

    assert shown + defuser.flush() == defuse(text)


def test_one_character_at_a_time_defuses_as_the_whole() -> None:
    text = "Hi <!channel>, see ![x](http://y.example) and `code` [https://a.example](http://b.example).\n"
    text *= 5
    defuser = StreamDefuser()

    assert "".join(map(defuser.feed, text)) + defuser.flush() == defuse(text)


def test_plain_words_are_not_held_back() -> None:
    assert StreamDefuser().feed("Plain words, at once") == "Plain words, at once"


def test_a_long_text_of_openers_is_defused_in_good_time() -> None:
    for opener in ("[", "`", "<", "!", "![", "@", "> ", "]("):
        defuse(opener * 20_000)
