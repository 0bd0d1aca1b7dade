"""The events Slack would send for what happens in the workspace."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

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

HomeTab = Literal["home", "messages"]
AssistantEvent = Literal["assistant_thread_started", "assistant_thread_context_changed"]


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
        case "reaction":
            events = list(_reacted(workspace, change))
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
    where = _where(workspace, message.channel)
    yield {**body, **where, **_seen_with(workspace, message), "event_ts": message.ts}
    for file_id in message.files:
        yield {
            "type": "file_shared",
            "file_id": file_id,
            "user_id": message.user,
            "file": {"id": file_id},
            "channel_id": message.channel,
            "event_ts": message.ts,
        }


def _seen_with(workspace: Workspace, message: Message) -> Json:
    """Return what a message to an agent or assistant brings along (Slack docs, AI in Slack)."""
    if workspace.channels[message.channel].kind != "im" or message.bot_id:
        return {}
    if workspace.profile.view == "assistant":
        return {"assistant_thread": {"action_token": "opaque"}}
    if workspace.profile.view == "agent" and message.user in workspace.viewing:
        return {"app_context": app_context(workspace, message.user)}
    return {}


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


def _reacted(workspace: Workspace, change: Change) -> Iterator[Json]:
    """Tell who added or took back which reaction."""
    before, after = change.before, change.after
    if before is None or after is None:
        return
    item = {"type": "message", "channel": after.channel, "ts": after.ts}
    old, new = ({(n, u) for n, us in m.reactions.items() for u in us} for m in (before, after))
    for type_, told in (("reaction_removed", old - new), ("reaction_added", new - old)):
        for name, user in sorted(told):
            yield {
                "type": type_,
                "user": user,
                "reaction": name,
                **({"item_user": after.user} if after.user else {}),
                "item": item,
                "event_ts": workspace.next_ts(after.channel),
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


def app_home_opened(workspace: Workspace, user: str, tab: HomeTab) -> Json:
    """Return what a visit to the app sends; the Home tab brings its view once there is one."""
    channel = workspace.direct_channel(user).id
    event: Json = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel,
        "tab": tab,
        "event_ts": workspace.next_ts(channel),
    }
    if tab == "home" and user in workspace.homes:
        event["view"] = workspace.homes[user]
    return event


def member_changed(workspace: Workspace, channel: str, user: str, by: str, *, joined: bool) -> Json:
    """Return what is sent when somebody joins or leaves; the app itself leaves otherwise."""
    is_private = workspace.channels[channel].kind != "channel"
    event_ts = workspace.next_ts(channel)
    if user == BOT_USER_ID and not joined:
        type_ = "group_left" if is_private else "channel_left"
        return {"type": type_, "channel": channel, "actor_id": by, "event_ts": event_ts}
    return {
        "type": "member_joined_channel" if joined else "member_left_channel",
        "user": user,
        "channel": channel,
        "channel_type": "G" if is_private else "C",
        "team": TEAM_ID,
        **({"inviter": by} if joined and by != user else {}),
        "event_ts": event_ts,
    }


def app_context_changed(workspace: Workspace, user: str) -> Json:
    """Return what an app in the agent view hears of where a person looks."""
    channel = workspace.direct_channel(user).id
    return {
        "type": "app_context_changed",
        "channel": channel,
        "user": user,
        "context": app_context(workspace, user),
        "event_ts": workspace.next_ts(channel),
    }


def app_context(workspace: Workspace, user: str) -> Json:
    """Return the entities that a person looks at."""
    seen = workspace.viewing.get(user)
    entity = {"type": "slack#/types/channel_id", "value": seen, "team_id": TEAM_ID}
    return {"entities": [entity] if seen else []}


def assistant_thread(
    workspace: Workspace, type_: AssistantEvent, user: str, thread_ts: str
) -> Json:
    """Return an event of an assistant's thread: it was opened, or the person looks elsewhere."""
    channel = workspace.direct_channel(user).id
    context: Json = {"enterprise_id": None}
    if user in workspace.viewing:
        context |= {"channel_id": workspace.viewing[user], "team_id": TEAM_ID}
    return {
        "type": type_,
        "assistant_thread": {
            "user_id": user,
            "context": context,
            "channel_id": channel,
            "thread_ts": thread_ts,
        },
        "event_ts": workspace.next_ts(channel),
    }


def title_changed(
    workspace: Workspace, channel: str, thread_ts: str, user: str, previous: str
) -> Json:
    """Return what is sent when a person renames an agent's session."""
    return {
        "type": "agent_session_title_changed",
        "channel": channel,
        "thread_ts": thread_ts,
        "title": workspace.titles[channel, thread_ts],
        "previous_title": previous,
        "team_id": TEAM_ID,
        "user": user,
        "event_ts": workspace.next_ts(channel),
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
