"""Addresses that were not in the prompt are readable, but lead nowhere."""

import pytest

from bot.documents.links import LinkRule, find_urls

KNOWN = (
    "| See https://example.com/a?b=1&c=2, [the wiki](https://en.example.org/Fox_(animal)) or\n"
    "<https://example.net>; write to mailto:office@example.com. Also www.example.com/start/"
)


def test_the_addresses_of_a_prompt_are_found_without_what_is_around_them() -> None:
    assert find_urls(KNOWN) == {
        "https://example.com/a?b=1&c=2",
        "https://en.example.org/Fox_(animal)",
        "https://example.net",
        "mailto:office@example.com",
        "www.example.com/start/",
    }


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/a?b=1&c=2",
        "[here](https://example.com/a?b=1&amp;c=2).",
        "(https://EXAMPLE.com/a?b=1&c=2)",
        "<https://example.net/>",
        '[x](<https://en.example.org/Fox_(animal)> "Foxes")',
        "![picture](https://example.net)",
        "[write](mailto:office@example.com)",
        "https://www.example.com/start",
        "[up](#top) [p. 3](p3)",
        "either/or, 1.5/2, km/h, e.g. this, a@b.example, q3.pdf",
    ],
)
def test_known_addresses_and_plain_words_stay(text: str) -> None:
    assert LinkRule(find_urls(KNOWN)).disarm(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/?d=1.", "`https://evil.example/?d=1`."),
        ("[here](https://evil.example/x)", "here `https://evil.example/x`"),
        ('[here]( <https://evil.example/x> "hi" )', "here `https://evil.example/x`"),
        ("[https://evil.example](https://evil.example)", "`https://evil.example`"),
        ("[](https://evil.example)", "`https://evil.example`"),
        ("![a fox](https://evil.example/x.png)", "a fox"),
        (
            "[![a fox](https://evil.example/x.png)](https://evil.example)",
            "a fox `https://evil.example`",
        ),
        ("<https://evil.example>", "`https://evil.example`"),
        ("<https://evil.example|here>", "<`https://evil.example`|here>"),
        ("[1]: https://evil.example/x", "[1]: `https://evil.example/x`"),
        ("www.evil.example/x and evil.example?d=1", "`www.evil.example/x` and `evil.example?d=1`"),
        ("slack://channel?id=C1", "`slack://channel?id=C1`"),
        ("mailto:a@evil.example?body=x", "`mailto:a@evil.example?body=x`"),
        ("[x](javascript:alert)", "x `javascript:alert`"),
        ("[x](https&#58;//evil.example)", "x `https&#58;//evil.example`"),
        ("[x](evil.example)", "x `evil.example`"),
        ("[a`b](https://evil.example)", "ab `https://evil.example`"),
        ("[x](https://evil.example/`)", "x `https://evil.example/%60`"),
        (
            "[https://evil.example](https://example.net)",
            "[`https://evil.example`](https://example.net)",
        ),
        ("https://example.com/a?b=1&c=2&d=secret", "`https://example.com/a?b=1&c=2&d=secret`"),
        ("https://example.com/a?b=1", "`https://example.com/a?b=1`"),
        ("答えはhttps://evil.example/xです。", "答えは`https://evil.example/xです`。"),
    ],
)
def test_other_addresses_are_disarmed(text: str, shown: str) -> None:
    assert LinkRule(find_urls(KNOWN)).disarm(text) == shown
