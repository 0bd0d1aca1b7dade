"""The events and interactions Slack would send for what happens in the workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.demo.shapes import message_json
from bot.demo.workspace import (
    APP_ID,
    BOT_USER_ID,
    TEAM_ID,
    Change,
    Json,
    Message,
    Workspace,
    mentions,
)

_DOMAIN = "acme"


def events_of(
    workspace: Workspace,
    change: Change,
    *,
    mention_first: bool = True,
    sparse_mentions: bool = False,
) -> list[Json]:
    """Return the inner events of a change, in the order in which they are sent.

    A mention gives `app_mention` and `message`, in either order in real life
    (openclaw#34833); in DMs there is no `app_mention`. Nothing is sent of channels the app is
    not in.
    """
    channel = workspace.channels.get(change.channel)
    if channel is None or BOT_USER_ID not in channel.members:
        return []
    match change.kind:
        case "posted":
            events = list(_posted(workspace, change, sparse=sparse_mentions))
        case "edited":
            events = list(_edited(workspace, change))
        case "deleted":
            events = list(_deleted(workspace, change))
        case _:
            return []
    if not mention_first:
        events.sort(key=lambda event: event["type"] == "app_mention")
    return events


def _posted(workspace: Workspace, change: Change, *, sparse: bool) -> Iterator[Json]:
    message = change.after
    if message is None:
        return
    body = message_json(workspace, message, with_metadata=True)
    if _calls_the_app(workspace, message):
        mention = {**body, "type": "app_mention", "channel": message.channel}
        mention.pop("subtype", None)
        if sparse:
            mention.pop("files", None)
        yield {**mention, "event_ts": message.ts}
    yield {**body, **_where(workspace, message.channel), "event_ts": message.ts}
    for file_id in message.files:
        yield {
            "type": "file_shared",
            "file_id": file_id,
            "user_id": message.user,
            "file": {"id": file_id},
            "channel_id": message.channel,
            "event_ts": message.ts,
        }


def _edited(workspace: Workspace, change: Change) -> Iterator[Json]:
    before, after = change.before, change.after
    if before is None or after is None:
        return
    event_ts = workspace.next_ts(after.channel)
    body = message_json(workspace, after, with_metadata=True)
    yield {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        **_where(workspace, after.channel),
        "ts": event_ts,
        "event_ts": event_ts,
        "message": body,
        "previous_message": message_json(workspace, before, with_metadata=True),
    }
    was_edited = after.edited is not None and after.edited != before.edited
    if was_edited and _calls_the_app(workspace, after):
        again = {**body, "type": "app_mention", "channel": after.channel, "event_ts": event_ts}
        again.pop("subtype", None)
        yield again


def _deleted(workspace: Workspace, change: Change) -> Iterator[Json]:
    if change.before is None:
        return
    event_ts = workspace.next_ts(change.channel)
    yield {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        **_where(workspace, change.channel),
        "deleted_ts": change.ts,
        "ts": event_ts,
        "event_ts": event_ts,
        "previous_message": message_json(workspace, change.before, with_metadata=True),
    }


def _where(workspace: Workspace, channel: str) -> Json:
    kind = workspace.channels[channel].kind
    return {"channel": channel, "channel_type": kind}


def _calls_the_app(workspace: Workspace, message: Message) -> bool:
    if workspace.channels[message.channel].kind == "im" or message.user == BOT_USER_ID:
        return False
    return mentions(message.text, BOT_USER_ID)


def callback(event: Mapping[str, object], *, event_id: str, now: float, team: str) -> Json:
    """Wrap an inner event as the Events API sends it."""
    return {
        "token": "legacy",
        "team_id": team,
        "api_app_id": APP_ID,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(now),
        "event_context": f"4-{event_id.lower()}",
        "is_ext_shared_channel": False,
        "context_team_id": team,
        "context_enterprise_id": None,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "event": dict(event),
    }


def block_actions(
    workspace: Workspace,
    message: Message,
    action: Json,
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
        "channel": {"id": where, "name": (known.name if known else "") or "directmessage"},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }
    if not message.audience:
        payload["message"] = {**message_json(workspace, message), "app_id": APP_ID}
    return payload


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
        "channel_name": workspace.channels[channel].name or "directmessage",
        "user_id": user,
        "user_name": workspace.users[user].name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def view_submission(
    workspace: Workspace, view: Json, values: Json, *, user: str, trigger_id: str
) -> Json:
    return {
        "type": "view_submission",
        **_who(workspace, user, TEAM_ID),
        "trigger_id": trigger_id,
        "view": {**view, "state": {"values": values}},
        "response_urls": [],
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


def app_home_opened(user: str, channel: str, event_ts: str) -> Json:
    return {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": "messages",
        "event_ts": event_ts,
    }


def session_stopped(workspace: Workspace, channel: str, thread_ts: str, user: str) -> Json:
    """Return what a press on Stop sends; the streams it ends are named in it."""
    stopped = [
        ts
        for place, ts in ((place, place[1]) for place in workspace.streams)
        if place[0] == channel and workspace.messages[place].root_ts == thread_ts
    ]
    return {
        "type": "agent_session_stopped",
        "channel": channel,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": stopped,
        "event_ts": workspace.next_ts(channel),
    }


def stop_streams(workspace: Workspace, event: Json) -> None:
    """Refuse further pieces of the streams a person stopped."""
    for ts in event["streaming_message_ts"]:
        place = (event["channel"], ts)
        workspace.streams[place] = replace(workspace.streams[place], stopped_by=event["user"])
