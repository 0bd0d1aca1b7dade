"""What Slack sends of presses, menus, commands, shortcuts and forms: whole payloads."""

from bot.demo.shapes import message_json
from bot.demo.workspace import APP_ID, TEAM_ID, Channel, Json, Message, Workspace

_DOMAIN = "acme"
_UNNAMED = {"im": "directmessage", "group": "privategroup"}
"""What Slack calls a channel in payloads instead of its name (Slack docs, slash commands)."""


def block_actions(
    workspace: Workspace,
    message: Message,
    action: Json,
    values: Json,
    *,
    user: str,
    trigger_id: str,
    response_url: str,
    team: str = TEAM_ID,
    channel: str | None = None,
) -> Json:
    """Return the payload of a press on an element of a message.

    An ephemeral message is not in its payload. `team` and `channel` can be made to lie.
    """
    where = message.channel if channel is None else channel
    known = workspace.channels.get(where)
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": where,
        "is_ephemeral": bool(message.audience),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        "type": "block_actions",
        **_who(workspace, user, team),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": where, "name": _name_of(known)},
        "state": {"values": values},
        "response_url": response_url,
        "actions": [action],
    }
    if not message.audience:
        payload["message"] = {**message_json(workspace, message), "app_id": APP_ID}
    return payload


def view_actions(
    workspace: Workspace, view: Json, action: Json, *, user: str, trigger_id: str
) -> Json:
    """Return the payload of a press in a Home tab or modal: there is no channel, no message."""
    return {
        "type": "block_actions",
        **_who(workspace, user, TEAM_ID),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": view,
        "actions": [action],
    }


def message_action(
    workspace: Workspace,
    message: Message,
    callback_id: str,
    *,
    user: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    """Return the payload of a message shortcut."""
    return {
        "type": "message_action",
        **_who(workspace, user, TEAM_ID),
        "action_ts": f"{workspace.clock():.6f}",
        "channel": {
            "id": message.channel,
            "name": _name_of(workspace.channels[message.channel]),
        },
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": response_url,
        "message_ts": message.ts,
        "message": message_json(workspace, message),
    }


def slash_command(
    workspace: Workspace,
    *,
    user: str,
    channel: str,
    command: str,
    text: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    return {
        "token": "legacy",
        "team_id": TEAM_ID,
        "team_domain": _DOMAIN,
        "channel_id": channel,
        "channel_name": _name_of(workspace.channels[channel]),
        "user_id": user,
        "user_name": workspace.users[user].name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def view_submission(workspace: Workspace, view: Json, *, user: str, trigger_id: str) -> Json:
    return {
        "type": "view_submission",
        **_who(workspace, user, TEAM_ID),
        "trigger_id": trigger_id,
        "view": view,
        "response_urls": [],
    }


def view_closed(workspace: Workspace, view: Json, *, user: str, is_cleared: bool) -> Json:
    """Return what is sent when a view with `notify_on_close` is closed without submitting it."""
    return {
        "type": "view_closed",
        **_who(workspace, user, TEAM_ID),
        "view": view,
        "is_cleared": is_cleared,
    }


def _who(workspace: Workspace, user: str, team: str) -> Json:
    name = workspace.users[user].name
    return {
        "user": {"id": user, "username": name, "name": name, "team_id": team},
        "api_app_id": APP_ID,
        "token": "legacy",
        "team": {"id": team, "domain": _DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _name_of(channel: Channel | None) -> str:
    if channel is None:
        return "directmessage"
    return _UNNAMED.get(channel.kind, channel.name)
