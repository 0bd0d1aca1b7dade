"""Slack's JSON for what is in the workspace: users, channels, files, messages."""

from urllib.parse import quote

from bot.demo.workspace import TEAM_ID, Channel, File, Json, Message, User, Workspace

_PRETTY_TYPES = {
    "csv": "CSV", "doc": "Word Document", "docx": "Word Document", "eml": "Email", "epub": "EPUB",
    "gif": "GIF", "html": "HTML", "jpg": "JPEG", "json": "JSON", "md": "Markdown (raw)",
    "odt": "OpenDocument Text", "pdf": "PDF", "png": "PNG", "ppt": "PowerPoint Presentation",
    "pptx": "PowerPoint Presentation", "py": "Python", "rtf": "Rich Text File",
    "txt": "Plain Text", "xls": "Excel Spreadsheet", "xlsx": "Excel Spreadsheet", "zip": "Zip",
}  # fmt: skip
_FILE_TYPES = {"txt": "text", "md": "markdown", "py": "python", "jpeg": "jpg", "htm": "html"}


def user_json(user: User, *, with_locale: bool = True) -> Json:
    """Return the `user` object of users.info; the locale only comes when it is asked for."""
    return {
        "id": user.id,
        "team_id": user.team,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.time_zone,
        **({"locale": user.locale} if with_locale else {}),
        "is_admin": user.is_admin,
        "is_owner": user.is_admin,
        "is_bot": bool(user.bot_id),
        "is_app_user": False,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": user.is_guest,
        **({"is_stranger": True} if user.is_stranger else {}),
        "profile": {
            "display_name": "" if user.bot_id else user.real_name.partition(" ")[0],
            "real_name": user.real_name,
            **({"bot_id": user.bot_id, "api_app_id": user.app_id} if user.bot_id else {}),
        },
    }


def channel_json(channel: Channel, member: str) -> Json:
    """Return the `channel` object of conversations.info as `member` sees it."""
    shared: Json = {
        "id": channel.id,
        "is_im": channel.kind == "im",
        "is_archived": channel.archived,
        "is_org_shared": False,
        "context_team_id": TEAM_ID,
    }
    if channel.kind == "im":
        others = sorted(channel.members - {member})
        return {**shared, "user": others[0] if others else member}
    return {
        **shared,
        "name": channel.name,
        # Newer private channels are channels by id and by this flag.
        "is_channel": channel.kind in {"channel", "group"} and channel.id.startswith("C"),
        "is_group": channel.kind == "group" and channel.id.startswith("G"),
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_member": member in channel.members,
        "is_shared": channel.shared_externally,
        "is_ext_shared": channel.shared_externally,
        **({"properties": _posting_json(channel)} if channel.posting else {}),
    }


def _posting_json(channel: Channel) -> Json:
    """Return what a channel's posting permissions leave to the app: nothing, or one of two."""
    nobody: Json = {"type": [], "user": []}
    permissions: dict[str, Json] = {
        "read_only": {"posting_restricted_to": nobody},
        "thread_only": {"is_thread_only": True},
        "non_threadable": {"threads_restricted_to": nobody},
    }
    return permissions[channel.posting]


def file_json(workspace: Workspace, file: File, *, with_shares: bool = False) -> Json:
    """Return a file object; `shares` stand only in what files.info and uploads answer."""
    if file.mode in {"tombstone", "hidden_by_limit"}:
        return {"id": file.id, "mode": file.mode}
    if file.mode == "file_access":
        return {
            "id": file.id, "mode": "file_access", "file_access": "check_file_info",
            "created": 0, "timestamp": 0, "user": "",
        }  # fmt: skip
    extension = file.name.rpartition(".")[2].lower() if "." in file.name else ""
    private = f"{workspace.origin}/files-pri/{TEAM_ID}-{file.id}"
    name = quote(file.name, safe="") or "untitled"
    places = [place for place in file.shares if place in workspace.messages]
    shown_in = {workspace.channels[channel].kind: channel for channel, _ in places}
    body: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.media_type,
        "filetype": _FILE_TYPES.get(extension, extension),
        "pretty_type": _PRETTY_TYPES.get(extension, extension.upper()),
        "user": file.owner,
        "user_team": team_of(workspace, file.owner),
        "editable": file.mode == "snippet",
        "size": file.size,
        "mode": file.mode,
        "is_external": file.mode == "external",
        "external_type": "gdrive" if file.mode == "external" else "",
        "is_public": "channel" in shown_in,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": file.url or f"{private}/{name}",
        "permalink": f"{workspace.origin}/files/{file.owner}/{file.id}/{name}",
        "has_rich_preview": False,
        "file_access": "visible",
    }
    if file.mode != "external":
        body["url_private_download"] = f"{private}/download/{name}"
    if with_shares:
        body |= _shares_json(workspace, file)
    return body


def _shares_json(workspace: Workspace, file: File) -> Json:
    shares: dict[str, dict[str, list[Json]]] = {}
    seen: dict[str, list[str]] = {"channel": [], "group": [], "im": [], "mpim": []}
    for channel_id, ts in file.shares:
        message = workspace.messages.get((channel_id, ts))
        if message is None:
            continue
        channel = workspace.channels[channel_id]
        side = "public" if channel.kind == "channel" else "private"
        entry: Json = {"ts": ts, "channel_name": channel.name, "team_id": TEAM_ID}
        if message.thread_ts:
            entry["thread_ts"] = message.thread_ts
        shares.setdefault(side, {}).setdefault(channel_id, []).append(entry)
        if channel_id not in seen[channel.kind]:
            seen[channel.kind].append(channel_id)
    return {
        "channels": seen["channel"],
        "groups": [*seen["group"], *seen["mpim"]],
        "ims": seen["im"],
        "shares": shares,
    }


def team_of(workspace: Workspace, user: str) -> str:
    """Return a person's own workspace: another one in a shared channel (Slack docs, Slack Connect).

    Whoever is not known is taken to be ours.
    """
    known = workspace.users.get(user)
    return known.team if known else TEAM_ID


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = False) -> Json:
    """Return a message as Slack stores it: what events and replies carry."""
    body: Json = {
        "type": "message",
        **({"subtype": message.subtype} if message.subtype else {}),
        **({"user": message.user} if message.user else {}),
        "text": message.text,
        "ts": message.ts,
        "team": team_of(workspace, message.user),
        **({"client_msg_id": message.client_msg_id} if message.client_msg_id else {}),
        **(_bot_json(workspace, message) if message.bot_id else {}),
        **_content_json(workspace, message),
        **_state_json(message),
    }
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
        root = workspace.messages.get((message.channel, message.thread_ts))
        if root is not None and root.user:
            body["parent_user_id"] = root.user
        if root is not None and message.subtype == "thread_broadcast":
            body["root"] = message_json(workspace, root) | thread_json(workspace, root)
    if message.subtype == "assistant_app_thread":
        title = workspace.titles.get(message.place, "")
        body["assistant_app_thread"] = {"title": title, "title_blocks": [], "artifacts": []}
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body


def _content_json(workspace: Workspace, message: Message) -> Json:
    body: Json = {}
    if message.blocks:
        body["blocks"] = list(message.blocks)
    if message.attachments or message.unfurls:
        previews = [{"from_url": url, "title": url, "id": 1} for url in message.unfurls]
        body["attachments"] = [*message.attachments, *previews]
    if message.files:
        body["files"] = [file_json(workspace, workspace.files[file]) for file in message.files]
        body |= {"upload": False, "display_as_bot": False}
    return body


def _state_json(message: Message) -> Json:
    body: Json = {}
    if message.edited:
        body["edited"] = {"user": message.edited[0], "ts": message.edited[1]}
    if message.streaming:
        body["streaming_state"] = message.streaming
    if message.reactions:
        body["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)}
            for name, users in message.reactions.items()
        ]
    return body


def thread_json(workspace: Workspace, root: Message) -> Json:
    """Return what a root that has replies shows besides the message itself."""
    thread = workspace.threads.get(root.place)
    if thread is None:
        return {}
    return {
        "thread_ts": root.ts,
        "reply_count": len(thread.replies),
        "reply_users": list(thread.authors)[:5],
        "reply_users_count": len(thread.authors),
        "latest_reply": thread.replies[-1],
        "is_locked": root.place in workspace.locked_threads,
        "subscribed": False,
    }


def _bot_json(workspace: Workspace, message: Message) -> Json:
    bot = next((u for u in workspace.users.values() if u.bot_id == message.bot_id), None)
    if bot is None:
        return {"bot_id": message.bot_id, "username": message.username}
    profile = {
        "id": bot.bot_id, "app_id": bot.app_id, "user_id": bot.id, "name": bot.name,
        "icons": {}, "deleted": False, "updated": 1_790_000_000, "team_id": TEAM_ID,
    }  # fmt: skip
    return {"bot_id": bot.bot_id, "app_id": bot.app_id, "bot_profile": profile}
