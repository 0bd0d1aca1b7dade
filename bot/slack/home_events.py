"""What people do on the Home tab and in the dialogs of settings, as typed values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from bot.conversation.messages import ThreadKey
from bot.slack.events import find_team

Note = Literal[
    "",
    "chosen",
    "chosen_for_workspace",
    "forgotten",
    "not_forgotten",
    "not_admin",
    "not_opened",
]
"""What the Home tab says about what was just done there."""

_NOTES: Final[tuple[Note, ...]] = get_args(Note)

Dialog = Literal["workspace_settings", "channel_settings"]
"""The `callback_id` of each of our dialogs for settings."""

SETTINGS_DIALOGS: Final[tuple[Dialog, ...]] = get_args(Dialog)


@dataclass(frozen=True, slots=True)
class HomeVisit:
    """A person opened the Home tab; `at` is the event's time, as Slack writes it."""

    team: str
    user: str
    at: str


@dataclass(frozen=True, slots=True)
class HomeAction:
    """A person pressed a button or chose something on the Home tab.

    Attributes:
        team: The workspace whose Home tab it is.
        user: Who.
        name: The element's `action_id`.
        chosen: The value of the button or of the option, or the ids of the conversations.
        trigger_id: Opens a dialog: once, within 3 seconds.
        at: When, as Slack writes it.
    """

    team: str
    user: str
    name: str
    chosen: tuple[str, ...]
    trigger_id: str
    at: str

    @property
    def code(self) -> str:
        """The one thing that was chosen, "" if there is none."""
        return self.chosen[0] if self.chosen else ""


@dataclass(frozen=True, slots=True)
class SettingsSubmission:
    """A person saved one of our dialogs.

    Attributes:
        team: The workspace.
        user: Who.
        dialog: Which one.
        channel: The channel that it is about, "" if it is about none.
        chosen: What stands in each input, by its `block_id`; "" for one that was left empty.
        at: Names this submission: the trigger that came with it.
    """

    team: str
    user: str
    dialog: Dialog
    channel: str
    chosen: Mapping[str, str]
    at: str


@dataclass(frozen=True, slots=True)
class Showing:
    """A Home tab is to be shown, or shown anew.

    Attributes:
        team: The workspace.
        user: Whose.
        at: What it was asked for with; one asking has the same in all its deliveries.
        note: What it says of what was just done.
    """

    team: str
    user: str
    at: str
    note: Note = ""

    @property
    def key(self) -> str:
        """One for each person: a tab that is to be shown twice needs to be shown once."""
        return f"home:{self.team}:{self.user}"

    @property
    def thread(self) -> ThreadKey:
        """Where the ledger has it: a Home tab is in no channel, but it is one person's."""
        return ThreadKey(self.team, self.user, "home")


def write_showing(showing: Showing) -> dict[str, Any]:
    """Write what its `thread` does not say as JSON, for the ledger."""
    return {"at": showing.at, "note": showing.note}


def read_showing(thread: ThreadKey, payload: Mapping[str, Any]) -> Showing:
    """Read what `write_showing` wrote, perhaps in another release; a lost note is no note."""
    note = payload.get("note")
    at = str(payload.get("at") or "")
    return Showing(thread.team, thread.channel, at, note if note in _NOTES else "")


def parse_visit(body: Mapping[str, Any]) -> HomeVisit | None:
    """Read the outer body of `app_home_opened`; None if it was another tab of ours."""
    event = body["event"]
    if event.get("tab") != "home":
        return None
    return HomeVisit(find_team(body), event["user"], str(event.get("event_ts") or ""))


def parse_action(body: Mapping[str, Any]) -> HomeAction:
    """Read a `block_actions` payload of a view."""
    action = body["actions"][0]
    return HomeAction(
        team=_find_team(body),
        user=body["user"]["id"],
        name=action["action_id"],
        chosen=_read_chosen(action),
        trigger_id=body.get("trigger_id") or "",
        at=action.get("action_ts") or "",
    )


def parse_submission(body: Mapping[str, Any]) -> SettingsSubmission:
    """Read the `view_submission` payload of one of `SETTINGS_DIALOGS`."""
    view = body["view"]
    values = (view.get("state") or {}).get("values") or {}
    return SettingsSubmission(
        team=_find_team(body),
        user=body["user"]["id"],
        dialog=view["callback_id"],
        channel=view.get("private_metadata") or "",
        chosen={
            block: "".join(_read_chosen(element)[:1])
            for block, elements in values.items()
            for element in elements.values()
        },
        at=body.get("trigger_id") or view.get("hash") or "",
    )


def _find_team(body: Mapping[str, Any]) -> str:
    team: str = (body.get("team") or {}).get("id") or body["user"].get("team_id") or ""
    return team


def _read_chosen(element: Mapping[str, Any]) -> tuple[str, ...]:
    if "selected_conversations" in element:
        return tuple(element["selected_conversations"] or ())
    value = (element.get("selected_option") or {}).get("value") or element.get("value")
    return (value,) if value else ()
