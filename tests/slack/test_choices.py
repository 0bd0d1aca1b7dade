"""What there is to choose, what is entered, and who may do so."""

from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.preferences import (
    ChannelPreferences,
    PersonPreferences,
    WorkspacePreferences,
)
from bot.language import ENGLISH
from bot.slack.choices import (
    CHANNEL_CHOICES,
    DEFAULT,
    PERSON_CHOICES,
    Choice,
    choose,
    list_workspace_choices,
    may_choose_for_channel,
    may_choose_for_workspace,
    read_numbers,
)
from bot.slack.directory import NOBODY, Person

WORKSPACE_CHOICES = list_workspace_choices(("a", "b"))
ALL = (*PERSON_CHOICES, *CHANNEL_CHOICES, *WORKSPACE_CHOICES)
NEUTRAL: dict[str, Any] = {
    "person": PersonPreferences(),
    "channel": ChannelPreferences(),
    "workspace": WorkspacePreferences(),
}


@pytest.mark.parametrize("choice", ALL, ids=lambda choice: choice.name)
def test_each_option_sets_its_own_field_and_no_other(choice: Choice) -> None:
    before = NEUTRAL[choice.kind]
    for option in choice.options:
        after = choose(before, choice, option.code)
        assert after is not None
        assert getattr(after, choice.field) == option.value
        assert after == replace(before, **{choice.field: option.value})


@pytest.mark.parametrize("choice", ALL, ids=lambda choice: choice.name)
def test_whoever_chose_nothing_has_an_option_that_says_so(choice: Choice) -> None:
    unchosen = getattr(NEUTRAL[choice.kind], choice.field)

    assert unchosen in [option.value for option in choice.options]
    assert len({option.code for option in choice.options}) == len(choice.options)
    assert all(0 < len(option.code) <= 150 for option in choice.options)


@pytest.mark.parametrize("code", ["", "nonsense", "On"])
def test_an_option_that_is_not_there_changes_nothing(code: str) -> None:
    assert choose(PersonPreferences(), PERSON_CHOICES[0], code) is None


def test_no_two_choices_have_the_same_name() -> None:
    assert len({choice.name for choice in ALL}) == len(ALL)


def test_a_model_called_default_is_not_taken_for_our_default() -> None:
    [*_, model] = list_workspace_choices((DEFAULT, "b"))

    assert [option.code for option in model.options] == [DEFAULT, "b"]


def test_what_was_entered_is_read_and_nothing_means_no_choice() -> None:
    entered = read_numbers(
        {"retention_days": " 30 ", "monthly_tokens": "1000000", "person_tokens": ""}, 90, ENGLISH
    )

    assert entered.numbers == {
        "retention_days": 30,
        "monthly_tokens": 1_000_000,
        "person_tokens": None,
    }
    assert entered.problems == {}


@pytest.mark.parametrize("text", ["0", "-1", "91", "3.5", "1e1", "many", "²", "9" * 5_000])
def test_what_is_no_such_number_is_said_beside_its_input(text: str) -> None:
    entered = read_numbers({"retention_days": text}, 90, ENGLISH)

    assert entered.problems == {"retention_days": "Enter a whole number from 1 to 90."}


@pytest.mark.parametrize(
    ("person", "channel", "workspace"),
    [
        (Person(team="T1"), True, False),
        (Person(team="T1", is_admin=True), True, True),
        (Person(team="T1", is_guest=True), False, False),
        (Person(team="T2", is_admin=True), False, False),
        (NOBODY, False, False),
    ],
    ids=["member", "admin", "guest", "outsider", "unknown"],
)
def test_members_choose_for_channels_and_admins_for_the_workspace(
    person: Person, *, channel: bool, workspace: bool
) -> None:
    assert may_choose_for_channel(person, "T1") is channel
    assert may_choose_for_workspace(person, "T1") is workspace
