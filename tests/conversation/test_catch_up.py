"""Since when somebody wants to be told, and whether that is what they ask for."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.catch_up import CatchUp, SinceInFuture, find_catch_up, parse_since
from bot.conversation.suggestions import suggest_catch_up
from bot.language import LANGUAGES, find_language

BERLIN: Final = "Europe/Berlin"
NOW: Final = datetime(2026, 11, 25, 15, 30, tzinfo=ZoneInfo(BERLIN))  # a Wednesday
YESTERDAY: Final = "2026-11-24 00:00"


def read(text: str, time_zone: str = BERLIN, now: datetime = NOW) -> tuple[str, str]:
    since, rest = parse_since(text, now=now.timestamp(), time_zone=time_zone)
    return f"{datetime.fromtimestamp(since, ZoneInfo(BERLIN)):%Y-%m-%d %H:%M}", rest


def find(text: str, here: str = "C0HERE") -> str | None:
    """Return the channel and since when, or None."""
    found = find_catch_up(text, here=here, now=NOW.timestamp(), time_zone=BERLIN)
    if found is None:
        return None
    assert found == CatchUp(found.channel, since=found.since)
    return f"{found.channel} {datetime.fromtimestamp(found.since, ZoneInfo(BERLIN)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("since yesterday", YESTERDAY),
        ("yesterday", YESTERDAY),
        ("since last night", YESTERDAY),
        ("since Monday", "2026-11-23 00:00"),
        ("since last week", "2026-11-16 00:00"),
        ("this week", "2026-11-23 00:00"),
        ("2 days", "2026-11-23 00:00"),
        ("2d", "2026-11-23 00:00"),
        ("over the last 2 days", "2026-11-23 00:00"),
        ("3h", "2026-11-25 12:30"),
        ("45 min", "2026-11-25 14:45"),
        ("2 weeks ago", "2026-11-11 00:00"),
        ("2026-11-20", "2026-11-20 00:00"),
        ("since Nov 20", "2026-11-20 00:00"),
        ("this morning", "2026-11-25 00:00"),
        ("since 10am", "2026-11-25 10:00"),
        ("since Monday 10:00", "2026-11-23 10:00"),
        ("seit gestern", YESTERDAY),
        ("seit letzter Woche", "2026-11-16 00:00"),
        ("seit heute morgen", "2026-11-25 00:00"),
        ("seit Montag", "2026-11-23 00:00"),
        ("seit 3 Tagen", "2026-11-22 00:00"),
        ("seit dem 20. November", "2026-11-20 00:00"),
        ("ab 20.11.", "2026-11-20 00:00"),
        ("seit 24.12.", "2025-12-24 00:00"),
        ("depuis hier", YESTERDAY),
        ("depuis lundi", "2026-11-23 00:00"),
        ("depuis la semaine dernière", "2026-11-16 00:00"),
        ("depuis les 2 derniers jours", "2026-11-23 00:00"),
        ("il y a 3 heures", "2026-11-25 12:30"),
        ("desde ayer", YESTERDAY),
        ("desde el lunes", "2026-11-23 00:00"),
        ("desde la semana pasada", "2026-11-16 00:00"),
        ("hace 3 días", "2026-11-22 00:00"),
        ("昨日から", YESTERDAY),
        ("月曜日から", "2026-11-23 00:00"),
        ("先週から", "2026-11-16 00:00"),
        ("3日前", "2026-11-22 00:00"),
        ("今朝から", "2026-11-25 00:00"),
        ("11月20日から", "2026-11-20 00:00"),
    ],
)
def test_a_time_is_read(text: str, since: str) -> None:
    assert read(text) == (since, "")


@pytest.mark.parametrize(
    ("text", "since", "rest"),
    [
        ("", YESTERDAY, ""),
        ("the launch", YESTERDAY, "the launch"),
        ("since the launch", YESTERDAY, "since the launch"),
        ("about the launch since Monday", "2026-11-23 00:00", "about the launch"),
        ("since Monday about the launch", "2026-11-23 00:00", "about the launch"),
        ("seit dem 20. November über den Start", "2026-11-20 00:00", "über den Start"),
        ("since 2 days ago, only decisions", "2026-11-23 00:00", "only decisions"),
        ("5", YESTERDAY, "5"),
        ("31.2.", YESTERDAY, "31.2"),
    ],
)
def test_what_else_is_said_is_kept(text: str, since: str, rest: str) -> None:
    assert read(text) == (since, rest)


@pytest.mark.parametrize("text", ["since tomorrow", "in 3 days", "seit morgen", "2027-01-01"])
def test_a_time_to_come_is_refused(text: str) -> None:
    with pytest.raises(SinceInFuture):
        read(text)


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_refusal_can_be_told_in_every_language(tag: str) -> None:
    assert SinceInFuture().tell(find_language(tag))


@pytest.mark.parametrize(
    ("time_zone", "since"),
    [
        ("Asia/Tokyo", "2026-11-23 16:00"),
        ("", "2026-11-24 01:00"),
        ("No/Where", "2026-11-24 01:00"),
    ],
)
def test_a_day_begins_where_the_person_is(time_zone: str, since: str) -> None:
    assert read("since yesterday", time_zone) == (since, "")


def test_an_hour_is_an_hour_when_the_clocks_change() -> None:
    # At 03:00 of this day it was 02:00 once more.
    now = datetime(2026, 10, 25, 3, 30, tzinfo=ZoneInfo(BERLIN))

    since, _ = parse_since("2 hours", now=now.timestamp(), time_zone=BERLIN)

    assert now.timestamp() - since == 2 * 3_600


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What did I miss since Monday?", "C0HERE 2026-11-23 00:00"),
        ("what did I miss here", f"C0HERE {YESTERDAY}"),
        ("Hi <@U0BOT00001>, what have I missed today?", "C0HERE 2026-11-25 00:00"),
        ("what did we miss in the last 2 hours", "C0HERE 2026-11-25 13:30"),
        ("<@U0BOT00001> summarize this channel since yesterday", f"C0HERE {YESTERDAY}"),
        ("summarise <#C0GENERAL1|general> please", f"C0GENERAL1 {YESTERDAY}"),
        ("can you catch me up on <#C0RANDOM01|>?", f"C0RANDOM01 {YESTERDAY}"),
        ("give me a recap of this channel for the last 3 days", "C0HERE 2026-11-22 00:00"),
        ("what's happened here since yesterday?", f"C0HERE {YESTERDAY}"),
        ("Was habe ich hier seit Montag verpasst?", "C0HERE 2026-11-23 00:00"),
        ("Kannst du mir bitte diesen Kanal zusammenfassen?", f"C0HERE {YESTERDAY}"),
        ("Fasse den Kanal seit gestern zusammen", f"C0HERE {YESTERDAY}"),
        ("qu'est-ce que j'ai raté depuis lundi ?", "C0HERE 2026-11-23 00:00"),
        ("résume ce canal depuis hier, s'il te plaît", f"C0HERE {YESTERDAY}"),
        ("¿Qué me he perdido desde el lunes?", "C0HERE 2026-11-23 00:00"),
        ("resume este canal, por favor", f"C0HERE {YESTERDAY}"),
        ("月曜日から何を見逃した？", "C0HERE 2026-11-23 00:00"),  # noqa: RUF001  # as it is written
        ("昨日からのこのチャンネルの要約をください", f"C0HERE {YESTERDAY}"),
    ],
)
def test_who_asks_for_what_they_missed_is_understood(text: str, found: str) -> None:
    assert find(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "summarize this document",
        "summarize this thread",
        "summarize q3.pdf since yesterday",
        "what did I miss in the document?",
        "catch me up on this file",
        "what happened?",
        "what happened to the launch since Monday?",
        "Fass das Dokument zusammen",
        "Was habe ich in der Prüfung falsch gemacht?",
        "résume ce document",
        "resume este hilo",
        "このファイルを要約して",
        'she asked "what did I miss since Monday"',
        "&gt; what did I miss",
        "> what did I miss",
        "`summarize this channel`",
        "Please translate: “what did I miss?”",
        "what did I miss? " + "And so on. " * 30,
    ],
)
def test_other_wishes_are_left_alone(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_suggestion_is_understood_in_every_language(tag: str) -> None:
    assert find(suggest_catch_up(find_language(tag)).message) == f"C0HERE {YESTERDAY}"


def test_without_a_channel_there_is_nothing_to_catch_up_on() -> None:
    assert find("what did I miss?", here="") is None
    assert find("summarize <#C0GENERAL1|general>", here="") == f"C0GENERAL1 {YESTERDAY}"


def test_a_wish_for_the_future_is_refused() -> None:
    with pytest.raises(SinceInFuture):
        find("what did I miss since tomorrow?")


def test_whether_to_reason_may_be_said_with_it() -> None:
    for text in ("<@U0BOT00001> /no_think summarize this channel", "catch me up /think"):
        now = NOW.timestamp()
        assert find_catch_up(text, here="C1", now=now, time_zone=BERLIN) is not None
