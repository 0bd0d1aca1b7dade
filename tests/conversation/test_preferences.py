import pytest

from bot.conversation.preferences import (
    ChannelPreferences,
    Defaults,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)


def test_whoever_chose_nothing_gets_what_the_operator_set() -> None:
    rules = Preferences().resolve(
        Defaults(think=False, follow_ups="mentions", files="off", outsiders=False), channel="C1"
    )

    assert rules.think is False
    assert rules.follow_ups == "mentions"
    assert rules.files == "off"
    assert rules.outsiders is False
    assert rules.is_open_here
    assert (rules.language, rules.length, rules.privacy) == ("", "normal", "thread")


@pytest.mark.parametrize(
    ("person", "channel", "think"),
    [(None, None, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_the_persons_choice_goes_before_the_channels(
    person: bool | None, channel: bool | None, think: bool
) -> None:
    chosen = Preferences(PersonPreferences(think=person), ChannelPreferences(think=channel))

    assert chosen.resolve(Defaults(), channel="C1").think is think


def test_the_channels_choice_goes_before_the_workspaces() -> None:
    workspace = WorkspacePreferences(follow_ups="mentions", files="off")

    chosen = Preferences(channel=ChannelPreferences(files="offer"), workspace=workspace)
    rules = chosen.resolve(Defaults(), channel="C1")

    assert (rules.follow_ups, rules.files) == ("mentions", "offer")


def test_admins_can_keep_us_to_some_channels_but_not_out_of_direct_messages() -> None:
    chosen = Preferences(workspace=WorkspacePreferences(channels=("C1",)))

    open_in = [
        one for one in ("C1", "C2", "D9") if chosen.resolve(Defaults(), channel=one).is_open_here
    ]

    assert open_in == ["C1", "D9"]


@pytest.mark.parametrize(
    ("admins", "operators", "limit"), [(None, None, None), (5, None, 5), (None, 7, 7), (9, 7, 7)]
)
def test_of_two_budgets_the_stricter_one_counts(
    admins: int | None, operators: int | None, limit: int | None
) -> None:
    workspace = WorkspacePreferences(monthly_tokens=admins, person_tokens=admins)
    defaults = Defaults(monthly_tokens=operators, person_tokens=operators)

    rules = Preferences(workspace=workspace).resolve(defaults, channel="C1")

    assert (rules.monthly_tokens, rules.person_tokens) == (limit, limit)
