"""How a person, a channel and a workspace want to be answered. Pure."""

from dataclasses import dataclass
from typing import Literal

Length = Literal["short", "normal", "long"]
"""How long answers are; a question that asks for another length wins."""

Privacy = Literal["thread", "me"]
"""Who may see the traces of a person's answers: everybody in the thread, or that person alone."""

FollowUps = Literal["natural", "mentions"]
"""Replies in a channel's thread: answered while one person and we talk alone, or when mentioned."""

ChannelFiles = Literal["summarize", "offer", "off"]
"""What happens to a file that is shared in a channel without a mention."""

Style = Literal["", "shorter", "longer", "harder", "plainly"]
"""How an answer is wanted that is to be written anew: "" as it was asked for.

`harder` is thought over longer, `plainly` is written without reasoning.
"""


@dataclass(frozen=True, slots=True)
class PersonPreferences:
    """What a person chose.

    Attributes:
        think: Whether the model reasons; None leaves it to the channel.
        language: The tag of the language to be answered in, "" for that of the question.
        length: How long answers are.
        privacy: Who may see the traces.
    """

    think: bool | None = None
    language: str = ""
    length: Length = "normal"
    privacy: Privacy = "thread"


@dataclass(frozen=True, slots=True)
class ChannelPreferences:
    """What a channel's people chose; None leaves it to the workspace."""

    think: bool | None = None
    follow_ups: FollowUps | None = None
    files: ChannelFiles | None = None


@dataclass(frozen=True, slots=True)
class WorkspacePreferences:
    """What a workspace's admins chose; None leaves it to the operator.

    Attributes:
        channels: The ids of the channels where we answer; empty for all. DMs are always answered.
        follow_ups: Of channels that chose nothing.
        files: The same.
        outsiders: Whether people of other organisations are answered.
        retention_days: At most as many as the operator keeps.
        monthly_tokens: What all its people may use in a month, prompts and answers together.
        person_tokens: The same for each person.
        model: The name of the model to ask first, "" for the operator's order.
    """

    channels: tuple[str, ...] = ()
    follow_ups: FollowUps | None = None
    files: ChannelFiles | None = None
    outsiders: bool | None = None
    retention_days: int | None = None
    monthly_tokens: int | None = None
    person_tokens: int | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the operator set, for whatever nobody chose.

    `monthly_tokens` and `person_tokens` are None for no limit.
    """

    think: bool = True
    follow_ups: FollowUps = "natural"
    files: ChannelFiles = "summarize"
    outsiders: bool = True
    monthly_tokens: int | None = None
    person_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one message, after all have chosen."""

    think: bool
    language: str
    length: Length
    privacy: Privacy
    follow_ups: FollowUps
    files: ChannelFiles
    outsiders: bool
    is_open_here: bool
    monthly_tokens: int | None
    person_tokens: int | None
    model: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the person, the channel and the workspace of one message chose."""

    person: PersonPreferences = PersonPreferences()
    channel: ChannelPreferences = ChannelPreferences()
    workspace: WorkspacePreferences = WorkspacePreferences()

    def resolve(self, defaults: Defaults, *, channel: str) -> Rules:
        """Say what holds in a channel: the person's choice, the channel's, the workspace's."""
        person, here, workspace = self.person, self.channel, self.workspace
        return Rules(
            think=_first(person.think, here.think, default=defaults.think),
            language=person.language,
            length=person.length,
            privacy=person.privacy,
            follow_ups=here.follow_ups or workspace.follow_ups or defaults.follow_ups,
            files=here.files or workspace.files or defaults.files,
            outsiders=_first(workspace.outsiders, default=defaults.outsiders),
            is_open_here=(
                not workspace.channels or channel in workspace.channels or channel.startswith("D")
            ),
            monthly_tokens=_least(workspace.monthly_tokens, defaults.monthly_tokens),
            person_tokens=_least(workspace.person_tokens, defaults.person_tokens),
            model=workspace.model,
        )


def _first(*chosen: bool | None, default: bool) -> bool:
    return next((one for one in chosen if one is not None), default)


def _least(*limits: int | None) -> int | None:
    """Return the stricter of the limits that are set; an admin can't lift the operator's."""
    return min((one for one in limits if one is not None), default=None)
