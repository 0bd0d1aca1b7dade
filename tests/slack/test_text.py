import pytest

from bot.slack.text import Names, find_ids, resolve_text

NAMES = Names({"U1": "Alice", "W2": "Bo"}, {"C1": "general"})


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("hello", "hello"),
        ("ask <@U1> and <@W2|bo>", "ask @Alice and @Bo"),
        ("<@U9|carol> <@U8>", "@carol @someone"),
        ("in <#C1> and <#C1|old-name>", "in #general and #general"),
        ("in <#C9|> and <#C8|other>", "in #private-channel and #other"),
        ("<!here> <!channel|channel>", "@here @channel"),
        ("<!subteam^S1|@devs> <!subteam^S2>", "@devs @a-group"),
        ("<!date^1392734382^{date_short}|Feb 18>", "Feb 18"),
        ("<https://a.example/?x=1&amp;y=2|this>", "[this](https://a.example/?x=1&y=2)"),
        ("<https://a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&lt;@U1&gt; &amp;lt;", "<@U1> &lt;"),
        ("a < b and c > d", "a < b and c > d"),
    ],
)
def test_tokens_become_words(raw: str, plain: str) -> None:
    assert resolve_text(raw, NAMES) == plain


def test_the_bots_own_mention_is_taken_out() -> None:
    assert resolve_text("<@UBOT> hi <@U1>", NAMES, without_user="UBOT") == "hi @Alice"


def test_it_finds_whom_to_look_up() -> None:
    assert find_ids("<@U1> <@U2|x> <#C1|> <https://a|@U3> <!here>") == ({"U1", "U2"}, {"C1"})
