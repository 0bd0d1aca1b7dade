"""`conversations.*`, `users.*`, `bots.*`, `reactions.*`: reading the workspace."""

import base64
import binascii
from dataclasses import replace

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.access import readable_channel, visible_channel
from bot.demo.shapes import channel_json, message_json, thread_json, user_json
from bot.demo.workspace import BOT_USER_ID, Json, Message, Workspace


def info(workspace: Workspace, args: Arguments) -> Json:
    channel = visible_channel(workspace, args.required("channel"))
    return {"channel": channel_json(channel, BOT_USER_ID)}


def open_direct(workspace: Workspace, args: Arguments) -> Json:
    if args.text("channel"):
        return {"channel": {"id": visible_channel(workspace, args.text("channel")).id}}
    users = [user for user in args.text("users").split(",") if user]
    if not users:
        raise Refusal("users_list_not_supplied")
    if len(users) > 1:
        raise Refusal("too_many_users")
    user = workspace.users.get(users[0])
    if user is None:
        raise Refusal("user_not_found")
    if user.deleted:
        raise Refusal("user_disabled")
    return {"channel": {"id": workspace.direct_channel(user.id).id}}


def replies(workspace: Workspace, args: Arguments, *, page: int | None = None) -> Json:
    """Return a thread oldest first, the root at the head of every page.

    `page` is a smaller maximum per page, as commercially distributed apps have it (Slack
    changelog, 2025-05-29).
    """
    channel = readable_channel(workspace, args.required("channel"))
    root = workspace.messages.get((channel.id, args.required("ts")))
    if root is None:
        raise Refusal("thread_not_found")
    metadata = args.flag("include_all_metadata")
    if root.thread_ts:
        return _page([message_json(workspace, root, with_metadata=metadata)], "")
    limit = _limit(args, limits.REPLIES_DEFAULT, page)
    after, until = _window(args)
    after = max(after, _cursor(args), root.ts)
    size = max(1, limit - 1)
    found = workspace.replies(root.place, after=after, until=until, limit=size + 1)
    shown, rest = found[:size], found[size:]
    head = message_json(workspace, root, with_metadata=metadata) | thread_json(workspace, root)
    body = [message_json(workspace, message, with_metadata=metadata) for message in shown]
    return _page([head, *body], shown[-1].ts if rest else "")


def history(workspace: Workspace, args: Arguments, *, page: int | None = None) -> Json:
    """Return a channel's roots and broadcasts, newest first."""
    channel = readable_channel(workspace, args.required("channel"))
    limit = _limit(args, limits.HISTORY_DEFAULT, page)
    after, until = _window(args)
    before = _cursor(args)
    stamps = [
        ts
        for ts in reversed(workspace.timelines[channel.id])
        if ts > after and (not until or ts <= until) and (not before or ts < before)
    ]
    shown = [workspace.messages[(channel.id, ts)] for ts in stamps[:limit]]
    metadata = args.flag("include_all_metadata")
    body = [
        message_json(workspace, message, with_metadata=metadata) | thread_json(workspace, message)
        for message in shown
    ]
    return _page(body, shown[-1].ts if len(stamps) > limit else "")


def members(workspace: Workspace, args: Arguments) -> Json:
    """Return the ids of who is in a channel, public or with the app in it."""
    channel = visible_channel(workspace, args.required("channel"))
    limit = _limit(args, limits.MEMBERS_DEFAULT, None)
    after = _cursor(args, "next_id")
    found = sorted(member for member in channel.members if member > after)
    shown, rest = found[:limit], found[limit:]
    cursor = _write_cursor("next_id", shown[-1]) if rest else ""
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


def user_info(workspace: Workspace, args: Arguments) -> Json:
    user = workspace.users.get(args.required("user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user_json(user, with_locale=args.flag("include_locale"))}


def bot_info(workspace: Workspace, args: Arguments) -> Json:
    for user in workspace.users.values():
        if user.bot_id and user.bot_id == args.text("bot"):
            about = {"id": user.bot_id, "app_id": user.app_id, "user_id": user.id}
            return {"bot": {**about, "name": user.name, "deleted": user.deleted, "icons": {}}}
    raise Refusal("bot_not_found")


def add_reaction(workspace: Workspace, args: Arguments) -> Json:
    name, message = _reaction(workspace, args)
    users = message.reactions.get(name, ())
    if BOT_USER_ID in users:
        raise Refusal("already_reacted")
    _react(workspace, message, name, (*users, BOT_USER_ID))
    return {}


def remove_reaction(workspace: Workspace, args: Arguments) -> Json:
    name, message = _reaction(workspace, args)
    users = message.reactions.get(name, ())
    if BOT_USER_ID not in users:
        raise Refusal("no_reaction")
    _react(workspace, message, name, tuple(user for user in users if user != BOT_USER_ID))
    return {}


def _reaction(workspace: Workspace, args: Arguments) -> tuple[str, Message]:
    channel = readable_channel(workspace, args.required("channel"))
    message = workspace.messages.get((channel.id, args.required("timestamp")))
    if message is None:
        raise Refusal("message_not_found")
    if channel.archived:
        raise Refusal("is_archived")
    if (channel.id, message.root_ts) in workspace.locked_threads:
        raise Refusal("thread_locked")
    name = args.required("name")
    if not name.replace("_", "").replace("-", "").replace("+", "").replace(":", "").isalnum():
        raise Refusal("invalid_name")
    return name, message


def _react(workspace: Workspace, message: Message, name: str, users: tuple[str, ...]) -> None:
    reactions = {**message.reactions, name: users}
    if not users:
        del reactions[name]
    workspace.put(replace(message, reactions=reactions), "reaction")


def _limit(args: Arguments, default: int, page: int | None) -> int:
    limit = args.number("limit", default)
    if limit < 1:
        raise Refusal("invalid_limit")
    return min(limit, page or limits.PAGE_MAXIMUM)


def _window(args: Arguments) -> tuple[str, str]:
    """Return `after` < `ts` <= `until` for the arguments oldest, latest and inclusive."""
    oldest, latest = args.text("oldest"), args.text("latest")
    for name, value in (("oldest", oldest), ("latest", latest)):
        if value and not value.replace(".", "", 1).isdigit():
            raise Refusal(f"invalid_ts_{name}")
    if args.flag("inclusive"):
        return _just_below(oldest) if oldest else "", latest
    return oldest, _just_below(latest) if latest else ""


def _just_below(ts: str) -> str:
    seconds, _, micros = ts.partition(".")
    total = int(seconds) * 1_000_000 + int(micros.ljust(6, "0")[:6] or 0) - 1
    return f"{total // 1_000_000}.{total % 1_000_000:06d}" if total >= 0 else "0"


def _cursor(args: Arguments, kind: str = "next_ts") -> str:
    """Return what the last page ended with, "" for the first page."""
    cursor = args.text("cursor")
    if not cursor:
        return ""
    try:
        found, _, last = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_cursor") from None
    if found != kind:
        raise Refusal("invalid_cursor")
    return last


def _write_cursor(kind: str, last: str) -> str:
    return base64.b64encode(f"{kind}:{last}".encode()).decode()


def _page(messages: list[Json], last: str) -> Json:
    return {
        "messages": messages,
        "has_more": bool(last),
        "response_metadata": {"next_cursor": _write_cursor("next_ts", last) if last else ""},
    }
