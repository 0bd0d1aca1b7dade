"""What the page shows a person: all of it once, then each thing that changed."""

import asyncio

from bot.demo.people import People
from bot.demo.shapes import channel_json, message_json, thread_json, user_json
from bot.demo.workspace import BOT_USER_ID, Change, Json, Message, Place, Workspace

Key = tuple[str, str, str]
"""What changed, for the page: a kind, a channel (or a person), a `ts`."""

_MESSAGE_CHANGES = {"posted", "edited", "deleted", "streamed", "reaction", "ephemeral"}


class Changes:
    """What one open page has not been told yet.

    Only names of things are kept, not their states: however slowly the page reads, it gets the
    newest state of each and never a growing backlog.
    """

    def __init__(self) -> None:
        self._keys: dict[Key, None] = {}
        self._some = asyncio.Event()

    def note(self, change: Change) -> None:
        kind = "message" if change.kind in _MESSAGE_CHANGES else change.kind
        self._keys[(kind, change.channel, change.ts)] = None
        for message in (change.before, change.after):
            if message is not None and message.thread_ts:
                self._keys[("message", change.channel, message.thread_ts)] = None
        self._some.set()

    async def take(self) -> list[Key]:
        await self._some.wait()
        self._some.clear()
        keys = list(self._keys)
        self._keys.clear()
        return keys


def take_snapshot(people: People, user: str, banner: str) -> Json:
    """Return everything the person's page shows."""
    workspace = people.workspace
    ephemerals = [each for each in workspace.ephemerals.values() if each.audience == user]
    shown = (*workspace.messages.values(), *ephemerals)
    places = {*workspace.statuses, *workspace.sessions}
    return {
        "kind": "snapshot",
        "me": user,
        "app": BOT_USER_ID,
        "banner": banner,
        "profile": {"name": people.profile.name, "view": people.profile.view},
        "commands": people.commands(),
        "shortcuts": people.shortcuts(),
        **_directory(workspace, user),
        **_surfaces(people, user),
        "messages": [page_message(workspace, m) for m in shown if _is_member(workspace, m, user)],
        "statuses": [_status(workspace, place) for place in places],
        "prompts": [
            _prompts(workspace, place)
            for place in workspace.prompts
            if user in workspace.channels[place[0]].members
        ],
        "titles": [_title(workspace, place) for place in workspace.titles],
    }


def describe(people: People, key: Key, user: str) -> Json | None:
    """Return the newest state of what changed, or None where it is nothing to this person."""
    kind, channel, ts = key
    workspace = people.workspace
    match kind:
        case "message":
            return _describe_message(workspace, (channel, ts), user)
        case "status" | "session":
            return {"kind": "status", **_status(workspace, (channel, ts))}
        case "prompts":
            return {"kind": "prompts", **_prompts(workspace, (channel, ts))}
        case "title":
            return {"kind": "title", **_title(workspace, (channel, ts))}
        case "view":
            return {"kind": "surfaces", **_surfaces(people, user)}
        case "channel" | "user":
            return {"kind": "directory", **_directory(workspace, user)}
        case _:
            return None


def page_message(workspace: Workspace, message: Message) -> Json:
    """Return a message as the page draws it: Slack's JSON and a little more."""
    return {
        **message_json(workspace, message),
        **thread_json(workspace, message),
        "channel": message.channel,
        "ephemeral": bool(message.audience),
    }


def _describe_message(workspace: Workspace, place: Place, user: str) -> Json:
    message = workspace.messages.get(place) or workspace.ephemerals.get(place)
    if (
        message is None
        or message.audience not in {"", user}
        or not _is_member(workspace, message, user)
    ):
        return {"kind": "gone", "channel": place[0], "ts": place[1]}
    return {"kind": "message", "message": page_message(workspace, message)}


def _is_member(workspace: Workspace, message: Message, user: str) -> bool:
    return user in workspace.channels[message.channel].members


def _directory(workspace: Workspace, user: str) -> Json:
    return {
        "users": [user_json(each) for each in workspace.users.values()],
        "channels": [
            {**channel_json(channel, user), "app_is_member": BOT_USER_ID in channel.members}
            for channel in workspace.channels.values()
            if user in channel.members
        ],
    }


def _surfaces(people: People, user: str) -> Json:
    return {"home": people.home(user), "modals": people.modals(user)}


def _status(workspace: Workspace, place: Place) -> Json:
    status = workspace.statuses.get(place)
    return {
        "channel": place[0],
        "thread_ts": place[1],
        "text": workspace.status_of(place),
        "set_at": status.set_at if status else 0,
        "loading_messages": list(status.loading_messages) if status else [],
        "session": workspace.sessions.get(place, "active"),
    }


def _prompts(workspace: Workspace, place: Place) -> Json:
    return {
        "channel": place[0],
        "thread_ts": place[1],
        "prompts": list(workspace.prompts.get(place, ())),
        "title": workspace.prompt_headings.get(place, ""),
    }


def _title(workspace: Workspace, place: Place) -> Json:
    return {
        "channel": place[0],
        "thread_ts": place[1],
        "title": workspace.titles.get(place, ""),
    }
