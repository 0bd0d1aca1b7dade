import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.links import FileLink, Link, MessageLink, find_links

FILE = FileLink("F0FILE0001")
ROOT = MessageLink("C0GENERAL1", "1700000000.123456", "1700000000.123456")
REPLY = MessageLink("C0GENERAL1", "1700000009.000100", "1700000000.123456")
AT = "https://acme.slack.com"
ROOT_PATH = "/archives/C0GENERAL1/p1700000000123456"
REPLY_PATH = "/archives/C0GENERAL1/p1700000009000100"


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("no links", []),
        (f"<{AT}/files/U0ALICE001/F0FILE0001/q3.pdf>", [FILE]),
        (f"<{AT}/files/W0ALICE001/F0FILE0001/a%20b.pdf|a b.pdf> please", [FILE]),
        (f"<{AT}/files/U0ALICE001/F0FILE0001>", [FILE]),
        (f"<{AT}/docs/T0TEAM0001/F0FILE0001>", [FILE]),
        (f"<{AT}{ROOT_PATH}>", [ROOT]),
        (f"<{AT}{ROOT_PATH}/>", [ROOT]),
        (
            f"<{AT}{REPLY_PATH}?thread_ts=1700000000.123456&amp;cid=C0GENERAL1|that one>",
            [REPLY],
        ),
        (f"<{AT}{ROOT_PATH}?thread_ts=yesterday>", [ROOT]),
        (f"<https://acme.enterprise.slack.com{ROOT_PATH}>", [ROOT]),
        (f"<https://ACME.Slack.com{ROOT_PATH}>", [ROOT]),
        # Each once, in order.
        (
            f"<{AT}{ROOT_PATH}> <{AT}/files/U1/F0FILE0001> <{AT}{ROOT_PATH}|again>",
            [ROOT, FILE],
        ),
        # Neither a file nor a message.
        (f"<{AT}/archives/C0GENERAL1>", []),
        (f"<{AT}/archives/C0GENERAL1/p17>", []),
        (f"<{AT}/archives/general/p1700000000123456>", []),
        (f"<{AT}/team/U0ALICE001>", []),
        ("<@U0ALICE001> <#C0GENERAL1|general> <!here>", []),
        # Not at Slack.
        (f"<https://evil.example{ROOT_PATH}>", []),
        (f"<https://notslack.com{ROOT_PATH}>", []),
        (f"<https://slack.com.evil.example{ROOT_PATH}>", []),
        (f"<http://acme.slack.com{ROOT_PATH}>", []),
        (f"<https://[{ROOT_PATH}>", []),
    ],
)
def test_it_finds_links_to_files_and_messages(text: str, links: list[Link]) -> None:
    assert find_links(text) == links


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("http://127.0.0.1:8123/files/U1/F0FILE0001/x", "http://127.0.0.1:8123"),
        ("https://acme.slack-gov.com/files/U1/F0FILE0001/x", "https://slack-gov.com"),
    ],
)
def test_slack_is_where_it_is_said_to_be(address: str, origin: str) -> None:
    assert find_links(f"<{address}>", {origin}) == [FILE]
    assert find_links(f"<{address}>") == []
    assert find_links(f"<{address}>", {"http://127.0.0.1:81"}) == []


def test_only_a_reply_leads_into_a_thread() -> None:
    assert REPLY.is_reply
    assert not ROOT.is_reply


@given(
    st.text("<>|/:?&=;.[]@ \nACFUT0189p")
    | st.text().map(lambda path: f"<{AT}/{path}>")
    | st.text().map(lambda query: f"<{AT}{ROOT_PATH}?{query}>")
)
def test_no_text_is_too_strange(text: str) -> None:
    for link in find_links(text):
        assert isinstance(link, FileLink | MessageLink)
