"""The Home tab and the dialogs for settings: what they show, and that Slack takes them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import ThreadKey
from bot.conversation.preferences import (
    ChannelPreferences,
    Defaults,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)
from bot.conversation.recent import Recent, RecentDocument, RecentThread
from bot.demo.validation import find_view_problems
from bot.language import ENGLISH, LANGUAGES, find_language
from bot.slack.choices import ANSWER_LANGUAGES, DEFAULT
from bot.slack.home_events import Note
from bot.slack.home_view import (
    HomeState,
    Spent,
    View,
    WorkspaceSettings,
    render_bare_home,
    render_channel_settings,
    render_home,
    render_workspace_settings,
)

NOW = datetime(2026, 11, 23, 21, 40, tzinfo=UTC)
THREAD = ThreadKey("T1", "C1", "1794268800.000100")
LINK = "https://acme.slack.com/archives/C1/p1794268800000100"
STATE = HomeState(
    person=PersonPreferences(),
    now=NOW,
    own=Spent(answers=12, tokens=45_300),
    everyone=Spent(answers=120, tokens=900_000),
    recent=Recent(),
)
BUSY = replace(
    STATE,
    own=Spent(12, 45_300, 150_000),
    everyone=Spent(120, 900_000, 1_000_000),
    recent=Recent(
        tuple(RecentThread(THREAD, f"Why is the sky *blue* {n}?", "1794268900.1", LINK)
              for n in range(5)),
        tuple(RecentDocument(f"F{n}", f"q{n}.pdf", THREAD, "1794268800.1", LINK)
              for n in range(5)),
    ),
    workspace=WorkspaceSettings(
        WorkspacePreferences(channels=("C1", "C2"), retention_days=30, monthly_tokens=1_000_000),
        Defaults(),
        90,
        ("nvidia/nemotron-nano-9b-v2", "other/model"),
    ),
)  # fmt: skip


def elements(view: View) -> Iterator[dict[str, Any]]:
    """Everything in a view that a person can press, choose from or write in."""
    for block in view["blocks"]:
        yield from block.get("elements", []) if block["type"] == "actions" else []
        yield from (block[name] for name in ("accessory", "element") if name in block)


def find(view: View, action_id: str) -> dict[str, Any]:
    return next(one for one in elements(view) if one["action_id"] == action_id)


def shown(view: View) -> str:
    """The texts of a view's headers, sections and contexts."""
    texts = []
    for block in view["blocks"]:
        if block["type"] in {"header", "section"}:
            texts.append(block["text"]["text"])
        elif block["type"] == "context":
            texts += [element["text"] for element in block["elements"]]
    return "\n".join(texts)


def test_somebody_new_finds_what_we_can_do_and_what_to_choose() -> None:
    view = render_home(STATE, ENGLISH)

    assert find_view_problems(view, "home") == []
    assert "Mention me in a channel" in shown(view)
    assert [one["action_id"] for one in elements(view)] == [
        "home_person_think",
        "home_person_language",
        "home_person_length",
        "home_person_privacy",
    ]
    assert "recent" not in shown(view)
    assert "workspace" not in shown(view)


def test_what_was_chosen_is_shown_as_chosen() -> None:
    person = PersonPreferences(think=False, language="ja", length="long", privacy="me")
    view = render_home(replace(STATE, person=person), ENGLISH)

    chosen = {one["action_id"]: one["initial_option"]["text"]["text"] for one in elements(view)}
    assert chosen == {
        "home_person_think": "Off",
        "home_person_language": "Japanese",
        "home_person_length": "Long",
        "home_person_privacy": "Only you",
    }


def test_what_cannot_be_chosen_any_more_is_no_initial_option() -> None:
    view = render_home(replace(STATE, person=PersonPreferences(language="tlh")), ENGLISH)

    assert "initial_option" not in find(view, "home_person_language")
    assert find_view_problems(view, "home") == []


@pytest.mark.parametrize("tag", LANGUAGES)
def test_languages_are_named_in_the_readers_own_and_in_its_order(tag: str) -> None:
    options = find(render_home(STATE, find_language(tag)), "home_person_language")["options"]

    assert options[0]["value"] == DEFAULT
    assert {one["value"] for one in options[1:]} == set(ANSWER_LANGUAGES)
    names = [one["text"]["text"] for one in options[1:]]
    assert names == sorted(names, key=str.casefold)
    german = {"en": "German", "de": "Deutsch", "fr": "Allemand", "es": "Alemán", "ja": "ドイツ語"}
    assert german[tag] in names


def test_what_was_used_stands_against_the_budget() -> None:
    text = shown(render_home(BUSY, ENGLISH))

    assert "Used in November 2026" in text
    assert "You: 12 answers · 45,300 tokens\n▰▰▰▱▱▱▱▱▱▱ 30% of the budget of 150,000" in text
    assert "This workspace: 120 answers · 900,000 tokens\n▰▰▰▰▰▰▰▰▰▱ 90%" in text


def test_without_a_budget_only_what_was_used_is_told() -> None:
    text = shown(render_home(STATE, ENGLISH))

    assert "You: 12 answers · 45,300 tokens" in text
    assert "Everyone" not in text
    assert "▱" not in text


@pytest.mark.parametrize(
    ("tokens", "most", "bar"),
    [
        (0, 100, "▱▱▱▱▱▱▱▱▱▱ 0%"),
        (99, 100, "▰▰▰▰▰▰▰▰▰▱ 99%"),
        (100, 100, "▰▰▰▰▰▰▰▰▰▰ 100%"),
        (900, 100, "▰▰▰▰▰▰▰▰▰▰ 100%"),
        (0, 0, "▰▰▰▰▰▰▰▰▰▰ 100%"),
    ],
)
def test_the_bar_is_full_only_when_nothing_is_left(tokens: int, most: int, bar: str) -> None:
    assert bar in shown(render_home(replace(STATE, own=Spent(1, tokens, most)), ENGLISH))


def test_the_month_is_the_one_that_is_counted_whatever_the_time_zone() -> None:
    early = datetime(2026, 11, 30, 23, 30, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))

    assert "Used in November 2026" in shown(render_home(replace(STATE, now=early), ENGLISH))


def test_recent_threads_and_documents_can_be_opened_and_forgotten() -> None:
    view = render_home(BUSY, ENGLISH)

    assert find_view_problems(view, "home") == []
    assert "Why is the sky blue 0?\n<#C1> · " in shown(view)
    assert find(view, "home_open")["url"] == LINK
    forget = find(view, "home_forget_thread")
    assert forget["value"] == "C1:1794268800.000100"
    assert forget["confirm"]["style"] == "danger"
    assert find(view, "home_forget_document")["value"] == "F0"


def test_what_has_no_link_can_be_forgotten_all_the_same() -> None:
    recent = Recent((RecentThread(THREAD, "Why?", "1794268900.1"),))
    view = render_home(replace(STATE, recent=recent), ENGLISH)

    assert find_view_problems(view, "home") == []
    assert [one["action_id"] for one in elements(view)][-1] == "home_forget_thread"


def test_a_direct_message_is_called_that_and_times_are_the_readers() -> None:
    recent = Recent((RecentThread(replace(THREAD, channel="D1"), "", "1794268900.1"),))
    there = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    view = render_home(replace(STATE, recent=recent, now=there), find_language("en-US"))

    when = datetime.fromtimestamp(1794268900.1, ZoneInfo("Asia/Tokyo"))
    assert f"(no text)\nDirect message · {ENGLISH.time(when)}" in shown(view)


def test_admins_find_the_settings_of_the_workspace() -> None:
    view = render_home(BUSY, ENGLISH)

    assert find(view, "home_workspace_channels")["initial_conversations"] == ["C1", "C2"]
    files = find(view, "home_workspace_files")
    assert files["initial_option"]["text"]["text"] == "As it was set up (Summarize them)"
    assert [one["value"] for one in find(view, "home_workspace_model")["options"]] == [
        DEFAULT,
        "nvidia/nemotron-nano-9b-v2",
        "other/model",
    ]
    assert "Kept for 30 days\nAll together: 1,000,000 tokens a month\nEach person: no limit" in (
        shown(view)
    )


def test_a_model_is_chosen_only_where_there_are_several() -> None:
    workspace = WorkspaceSettings(WorkspacePreferences(), Defaults(), 90, ("only/one",))
    view = render_home(replace(STATE, workspace=workspace), ENGLISH)

    assert "home_workspace_model" not in [one["action_id"] for one in elements(view)]


def test_a_model_whose_name_is_too_long_for_slack_is_left_out() -> None:
    models = ("m" * 151, "a/model", "n" * 150)
    workspace = WorkspaceSettings(WorkspacePreferences(), Defaults(), 90, models)
    view = render_home(replace(STATE, workspace=workspace), ENGLISH)

    assert find_view_problems(view, "home") == []
    options = find(view, "home_workspace_model")["options"]
    assert [one["value"] for one in options] == [DEFAULT, "a/model", "n" * 150]


def test_more_days_than_the_operator_keeps_are_not_promised() -> None:
    chosen = WorkspacePreferences(retention_days=400)
    workspace = WorkspaceSettings(chosen, Defaults(monthly_tokens=5), 90)
    view = render_home(replace(STATE, workspace=workspace), ENGLISH)

    assert "Kept for 90 days\nAll together: 5 tokens a month" in shown(view)


@pytest.mark.parametrize(
    ("note", "header", "said"),
    [
        ("chosen", "Your settings", "Saved."),
        ("chosen_for_workspace", "Settings of this workspace", "Saved."),
        ("forgotten", "Your recent threads", "Forgotten."),
        ("not_forgotten", "Your recent threads", "can't forget that"),
        ("not_admin", "Your settings", "Only admins"),
        ("not_opened", "Your settings", "press the button again"),
    ],
)
def test_what_was_done_is_said_where_it_was_done(note: Note, header: str, said: str) -> None:
    for state in (BUSY, replace(BUSY, recent=Recent())):
        blocks = render_home(replace(state, note=note), ENGLISH)["blocks"]
        headers = [block.get("text", {}).get("text") for block in blocks]
        below = blocks[headers.index(header) + 1]
        assert below["type"] == "context"
        assert said in below["elements"][0]["text"]


def test_nothing_is_said_when_nothing_was_done() -> None:
    assert "context" not in [block["type"] for block in render_home(BUSY, ENGLISH)["blocks"]]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_all_of_it_fits_in_every_language_and_every_control_has_a_name(tag: str) -> None:
    language = find_language(tag)
    preferences = Preferences(workspace=WorkspacePreferences(follow_ups="mentions"))
    views = [
        (render_home(BUSY, language), "home"),
        (render_bare_home(language), "home"),
        (render_workspace_settings(_settings(BUSY), language), "modal"),
        (
            render_channel_settings(
                preferences, Defaults(), channel="C1", may_choose=True, language=language
            ),
            "modal",
        ),
    ]
    for view, kind in views:
        assert find_view_problems(view, kind) == []
        for element in elements(view):
            if element["type"] == "button":
                assert element["accessibility_label"]
            elif element["type"] != "number_input":
                assert element["placeholder"]["text"]


def test_texts_of_people_neither_ping_nor_link_nor_break_the_view() -> None:
    hostile = "<@U123> <!channel> @here <https://evil.example|acme.slack.com> &amp; \u202e"
    recent = Recent(
        (RecentThread(THREAD, hostile, "1794268900.1"),),
        (RecentDocument("F1", f"{hostile}\n{hostile}.pdf", THREAD, "1794268800.1"),),
    )
    view = render_home(replace(STATE, recent=recent), ENGLISH)

    written = json.dumps(view["blocks"], ensure_ascii=False)
    for token in ("<@U123>", "<!channel>", " @here", "<https"):
        assert token not in written
    assert find_view_problems(view, "home") == []
    assert all(block["text"]["verbatim"] for block in view["blocks"] if block["type"] == "section")


@given(
    words=st.text(max_size=400),
    name=st.text(max_size=400),
    channel=st.from_regex(r"[CD][A-Z0-9]{1,10}", fullmatch=True),
    tokens=st.integers(0, 10**15),
    most=st.none() | st.integers(0, 10**12),
    language=st.text(max_size=10),
)
def test_whatever_people_wrote_slack_takes_the_tab(
    words: str, name: str, channel: str, tokens: int, most: int | None, language: str
) -> None:
    thread = replace(THREAD, channel=channel)
    state = replace(
        BUSY,
        person=PersonPreferences(language=language),
        own=Spent(1, tokens, most),
        recent=Recent(
            (RecentThread(thread, words, "1794268900.1"),),
            (RecentDocument("F1", name, thread, "1794268800.1"),),
        ),
    )
    view = render_home(state, ENGLISH)

    assert find_view_problems(view, "home") == []
    assert len(view["blocks"]) <= 100


def test_the_largest_tab_is_within_slacks_limits() -> None:
    many = WorkspacePreferences(channels=tuple(f"C{n:010}" for n in range(600)))
    models = tuple(f"{n}/{'m' * 140}" for n in range(99))
    workspace = WorkspaceSettings(many, Defaults(), 90, models)
    view = render_home(replace(BUSY, workspace=workspace), find_language("ja"))

    assert find_view_problems(view, "home") == []
    assert len(view["blocks"]) <= 50
    assert len(json.dumps(view)) < 100_000


def _settings(state: HomeState) -> WorkspaceSettings:
    assert state.workspace is not None
    return state.workspace


def test_the_dialog_of_the_workspace_has_its_numbers() -> None:
    view = render_workspace_settings(_settings(BUSY), ENGLISH)

    assert view["callback_id"] == "workspace_settings"
    entered = {one["action_id"]: one.get("initial_value") for one in elements(view)}
    assert entered == {
        "retention_days": "30",
        "monthly_tokens": "1000000",
        "person_tokens": None,
    }
    assert all(block["optional"] for block in view["blocks"])
    assert "At most 90" in view["blocks"][0]["hint"]["text"]


def test_a_number_beyond_what_may_be_entered_is_not_offered() -> None:
    """Slack refuses an initial value beyond the maximum."""
    settings = WorkspaceSettings(WorkspacePreferences(retention_days=400), Defaults(), 90)
    view = render_workspace_settings(settings, ENGLISH)

    assert view["blocks"][0]["element"]["initial_value"] == "90"


def render_channel(
    here: ChannelPreferences = ChannelPreferences(),  # noqa: B008  # frozen
    workspace: WorkspacePreferences = WorkspacePreferences(),  # noqa: B008  # frozen
    *,
    channel: str = "C1",
    may_choose: bool = True,
) -> View:
    preferences = Preferences(channel=here, workspace=workspace)
    return render_channel_settings(
        preferences, Defaults(), channel=channel, may_choose=may_choose, language=ENGLISH
    )


def test_the_dialog_of_a_channel_has_its_settings_and_the_persons_own() -> None:
    view = render_channel()

    assert view["private_metadata"] == "C1"
    assert [one["action_id"] for one in elements(view)] == [
        "home_channel_files",
        "home_channel_follow_ups",
        "home_channel_think",
        "home_person_think",
        "home_person_language",
        "home_person_length",
        "home_person_privacy",
    ]


def test_a_channel_that_chose_nothing_is_told_what_its_workspace_does() -> None:
    workspace = WorkspacePreferences(files="off")
    view = render_channel(workspace=workspace)

    def chosen(name: str) -> str:
        return str(find(view, name)["initial_option"]["text"]["text"])

    assert chosen("home_channel_files") == "As in the workspace (Leave them alone)"
    assert chosen("home_channel_think") == "As in the workspace (On)"


def test_who_may_not_change_a_channel_finds_only_their_own_settings() -> None:
    view = render_channel(may_choose=False)

    assert "home_channel_files" not in [one["action_id"] for one in elements(view)]
    assert "can be changed by members" in shown(view)
    assert find_view_problems(view, "modal") == []


def test_in_a_direct_message_there_is_nothing_of_a_channel() -> None:
    view = render_channel(channel="")

    assert "channel" not in shown(view)
    assert len(list(elements(view))) == 4


def test_a_channels_own_choice_is_shown() -> None:
    view = render_channel(ChannelPreferences(think=False, files="offer"))

    assert find(view, "home_channel_think")["initial_option"]["value"] == "off"
    assert find(view, "home_channel_files")["initial_option"]["value"] == "offer"
