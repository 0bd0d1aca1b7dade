"""Settings: what there is to choose from a list or to enter, and who may do so. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeVar

from bot.conversation.preferences import (
    ChannelPreferences,
    PersonPreferences,
    WorkspacePreferences,
)
from bot.language import Language, mark
from bot.slack.directory import Person

Kind = Literal["person", "channel", "workspace"]
Chosen = PersonPreferences | ChannelPreferences | WorkspacePreferences

DEFAULT: Final = "default"
"""The code for leaving it to somebody else; Slack takes no option without a value."""

OPTION_VALUE_CHARS: Final = 150
"""Documented (block kit, option object): characters of an option's value."""

MOST_TOKENS: Final = 1_000_000_000_000
"""Ours: the largest budget for a month that may be entered."""

ANSWER_LANGUAGES: Final = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fi", "fr", "he", "hi", "hr", "hu", "id", "it",
    "ja", "ko", "nb", "nl", "pl", "pt", "ro", "sk", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
"""The languages that answers may be asked for in; a question can ask for any other one."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose.

    Attributes:
        code: What it is in Slack's payloads, at most 150 characters.
        value: What it is in the preferences.
        label: What people read: our words in English, of which `{choice}` is what would hold then;
            a language's tag, to be named in the reader's language; or a name as it is.
        says: Which of these the label is.
    """

    code: str
    value: bool | str | None
    label: str
    says: Literal["words", "language", "name"] = "words"


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting of a person, a channel or a workspace.

    Attributes:
        kind: Whose it is.
        field: Which of their preferences.
        label: What it is called, in English.
        hint: What it does, in English.
        options: What there is to choose.
    """

    kind: Kind
    field: str
    label: str
    hint: str
    options: tuple[Option, ...]

    @property
    def name(self) -> str:
        """What it is in Slack's payloads; no two choices of a view have the same."""
        return f"{self.kind}_{self.field}"


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered as numbers.

    Attributes:
        numbers: By the field of the preferences; None for what was left empty.
        problems: A sentence on each input that holds something else, by the same fields.
    """

    numbers: Mapping[str, int | None]
    problems: Mapping[str, str]


_Of = TypeVar("_Of", PersonPreferences, ChannelPreferences, WorkspacePreferences)

_AS_WORKSPACE: Final = Option(DEFAULT, None, mark("As in the workspace ({choice})"))
_AS_SET_UP: Final = Option(DEFAULT, None, mark("As it was set up ({choice})"))
_ON: Final = Option("on", True, mark("On"))
_OFF: Final = Option("off", False, mark("Off"))
_FILES: Final = (
    Option("summarize", "summarize", mark("Summarize them")),
    Option("offer", "offer", mark("Offer a summary")),
    Option("off", "off", mark("Leave them alone")),
)
_FOLLOW_UPS: Final = (
    Option("natural", "natural", mark("While one person talks with me")),
    Option("mentions", "mentions", mark("Never")),
)
_FILES_LABEL: Final = mark("Shared files")
_FILES_HINT: Final = mark("What I do with files that are shared without mentioning me.")
_FOLLOW_UPS_LABEL: Final = mark("Answers without a mention")
_FOLLOW_UPS_HINT: Final = mark("In threads of channels that I take part in.")

PERSON_CHOICES: Final = (
    Choice(
        "person",
        "think",
        mark("Thinking"),
        mark("Whether I think before I answer. /think or /no_think in a message wins."),
        (Option(DEFAULT, None, mark("As the channel has it")), _ON, _OFF),
    ),
    Choice(
        "person",
        "language",
        mark("Language of answers"),
        mark("A question that asks for another language wins."),
        (
            Option(DEFAULT, "", mark("The language of the question")),
            *(Option(tag, tag, tag, "language") for tag in ANSWER_LANGUAGES),
        ),
    ),
    Choice(
        "person",
        "length",
        mark("Length of answers"),
        mark("A question that asks for another length wins."),
        (
            Option("short", "short", mark("Short")),
            Option("normal", "normal", mark("Normal")),
            Option("long", "long", mark("Long")),
        ),
    ),
    Choice(
        "person",
        "privacy",
        mark("Who may see my reasoning"),
        mark("Under answers to your questions."),
        (
            Option("thread", "thread", mark("Everybody in the thread")),
            Option("me", "me", mark("Only you")),
        ),
    ),
)
"""What people choose for themselves."""

CHANNEL_CHOICES: Final = (
    Choice("channel", "files", _FILES_LABEL, _FILES_HINT, (_AS_WORKSPACE, *_FILES)),
    Choice(
        "channel",
        "follow_ups",
        _FOLLOW_UPS_LABEL,
        _FOLLOW_UPS_HINT,
        (_AS_WORKSPACE, *_FOLLOW_UPS),
    ),
    Choice(
        "channel",
        "think",
        mark("Thinking"),
        mark("For all who have chosen nothing else for themselves."),
        (_AS_WORKSPACE, _ON, _OFF),
    ),
)
"""What a channel's members choose for it."""

_WORKSPACE_CHOICES: Final = (
    Choice("workspace", "files", _FILES_LABEL, _FILES_HINT, (_AS_SET_UP, *_FILES)),
    Choice(
        "workspace",
        "follow_ups",
        _FOLLOW_UPS_LABEL,
        _FOLLOW_UPS_HINT,
        (_AS_SET_UP, *_FOLLOW_UPS),
    ),
    Choice(
        "workspace",
        "outsiders",
        mark("People of other organizations"),
        mark("In channels that are shared with them."),
        (
            _AS_SET_UP,
            Option("on", True, mark("Answer them")),
            Option("off", False, mark("Don't answer them")),
        ),
    ),
)


def list_workspace_choices(models: tuple[str, ...]) -> tuple[Choice, ...]:
    """Return what admins choose for their workspace.

    `models` are the names of all that can be asked. Which one is asked first is to be chosen only
    if there are several; a name that is too long for Slack can't be.
    """
    if len(models) < 2:
        return _WORKSPACE_CHOICES
    named = dict.fromkeys(name for name in models if 0 < len(name) <= OPTION_VALUE_CHARS)
    model = Choice(
        "workspace",
        "model",
        mark("Model"),
        mark("Which model I ask first; the others stand in for it."),
        (
            Option(DEFAULT, "", mark("In the order that was set up")),
            *(Option(name, name, name, "name") for name in named if name != DEFAULT),
        ),
    )
    return (*_WORKSPACE_CHOICES, model)


def choose(chosen: _Of, choice: Choice, code: str) -> _Of | None:
    """Return preferences with the option of that code chosen; None if there is no such option."""
    for option in choice.options:
        if option.code == code:
            change: dict[str, Any] = {choice.field: option.value}
            return replace(chosen, **change)
    return None


def read_numbers(entered: Mapping[str, str], most_days: int, language: Language) -> Entered:
    """Read what admins entered: the days that things are kept, and the budgets of tokens."""
    numbers: dict[str, int | None] = {}
    problems: dict[str, str] = {}
    for field, most in (
        ("retention_days", most_days),
        ("monthly_tokens", MOST_TOKENS),
        ("person_tokens", MOST_TOKENS),
    ):
        text = entered.get(field, "").strip()
        # No number that is taken has more digits, and Python refuses to read thousands of them.
        number = int(text) if text.isdecimal() and len(text) <= 20 else 0
        if not text:
            numbers[field] = None
        elif 1 <= number <= most:
            numbers[field] = number
        else:
            problems[field] = language.say("Enter a whole number from 1 to {most}.", most=most)
    return Entered(numbers, problems)


def may_choose_for_channel(person: Person, team: str) -> bool:
    """Say whether a person may change a channel's settings: any member but guests."""
    return person.team == team and (person.is_admin or not person.is_guest)


def may_choose_for_workspace(person: Person, team: str) -> bool:
    """Say whether a person may change a workspace's settings: its admins."""
    return person.team == team and person.is_admin
