"""The Home tabs and the modals that people have open; a person's modals lie on a stack."""

import secrets

from bot.demo.forms import Values, carry_over
from bot.demo.workspace import APP_ID, BOT_ID, TEAM_ID, Change, Json, Workspace, name_blocks


def new_view(workspace: Workspace, view: Json) -> Json:
    """Return a view as Slack stores it, from one as an app sends it."""
    view_id = workspace.next_id("V")
    blocks = list(name_blocks(view["blocks"]))
    return {
        "callback_id": "",
        "private_metadata": "",
        "external_id": "",
        "title": None,
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
        **view,
        "id": view_id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
        "blocks": blocks,
        "state": {"values": carry_over({}, blocks)},
        "hash": _new_hash(workspace),
        "root_view_id": view_id,
        "previous_view_id": None,
    }


def changed_view(workspace: Workspace, old: Json, new: Json) -> Json:
    """Return `new` in the place of `old`; what was filled in stays where the ids are the same."""
    fresh = new_view(workspace, new)
    kept = {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
    values = carry_over(old["state"]["values"], fresh["blocks"])
    return {**fresh, **kept, "state": {"values": values}}


def filled_view(view: Json, values: Values) -> Json:
    return {**view, "state": {"values": values}}


def publish(workspace: Workspace, user: str, view: Json) -> None:
    workspace.homes[user] = view
    workspace.tell(Change("view", user))


def open_first(workspace: Workspace, user: str, view: Json) -> None:
    """Open a modal in the place of whatever modals the person has open."""
    _set_stack(workspace, user, (view,))


def push(workspace: Workspace, user: str, view: Json) -> Json:
    """Open a modal over the person's topmost one, and return it as it lies there."""
    stack = workspace.modals[user]
    over = {**view, "root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
    _set_stack(workspace, user, (*stack, over))
    return over


def replace_modal(workspace: Workspace, user: str, view: Json) -> None:
    """Put a changed modal in the place of the one with its id."""
    stack = workspace.modals[user]
    changed = tuple(view if each["id"] == view["id"] else each for each in stack)
    _set_stack(workspace, user, changed)


def close_top(workspace: Workspace, user: str) -> None:
    _set_stack(workspace, user, workspace.modals[user][:-1])


def close_all(workspace: Workspace, user: str) -> None:
    _set_stack(workspace, user, ())


def find_modal(
    workspace: Workspace, *, view_id: str = "", external_id: str = ""
) -> tuple[str, Json] | None:
    """Find an open modal by either id: whose it is, and itself."""
    for user, stack in workspace.modals.items():
        for view in stack:
            if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                return user, view
    return None


def _set_stack(workspace: Workspace, user: str, stack: tuple[Json, ...]) -> None:
    if stack:
        workspace.modals[user] = stack
    else:
        workspace.modals.pop(user, None)
    workspace.tell(Change("view", user))


def _new_hash(workspace: Workspace) -> str:
    return f"{int(workspace.clock())}.{secrets.token_hex(4)}"
