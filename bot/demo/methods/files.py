"""`files.*`: the three-step upload, and what is known of a file."""

import secrets
from dataclasses import dataclass, field, replace

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.access import thread_root, writable_channel
from bot.demo.methods.chat import read_blocks
from bot.demo.shapes import file_json
from bot.demo.workspace import (
    BOT_ID,
    BOT_USER_ID,
    File,
    Json,
    Message,
    Workspace,
    name_blocks,
)

MEDIA_TYPES = {
    "csv": "text/csv", "docx": "application/vnd.openxmlformats-officedocument"
    ".wordprocessingml.document", "html": "text/html", "json": "application/json",
    "md": "text/markdown", "pdf": "application/pdf", "png": "image/png", "txt": "text/plain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload between its first step and its last; `received` until its bytes are in."""

    file: File
    length: int
    content: bytes | None = None


@dataclass(slots=True)
class Uploads:
    """Uploads under way: by the secret in the upload URL, and by file id."""

    tickets: dict[str, str] = field(default_factory=dict)
    by_file: dict[str, Upload] = field(default_factory=dict)

    def receive(self, ticket: str, content: bytes) -> bool:
        """Take the bytes of an upload in; False when the URL or the length is wrong."""
        upload = self.by_file.get(self.tickets.get(ticket, ""))
        if upload is None or len(content) != upload.length:
            return False
        self.by_file[upload.file.id] = replace(upload, content=content)
        return True


def info(workspace: Workspace, args: Arguments) -> Json:
    file = workspace.files.get(args.required("file"))
    if file is None:
        raise Refusal("file_not_found")
    if file.mode == "tombstone":
        raise Refusal("file_deleted")
    seen = any(
        BOT_USER_ID in workspace.channels[channel].members
        for channel, ts in file.shares
        if (channel, ts) in workspace.messages
    )
    if not seen and file.owner != BOT_USER_ID:
        raise Refusal("file_not_found")
    if file.mode == "file_access":
        file = replace(file, mode="hosted")
    return {"file": file_json(workspace, file, with_shares=True)}


def delete(workspace: Workspace, args: Arguments) -> Json:
    file = workspace.files.get(args.required("file"))
    if file is None:
        raise Refusal("file_not_found")
    if file.mode == "tombstone":
        raise Refusal("file_deleted")
    if file.owner != BOT_USER_ID:
        raise Refusal("cant_delete_file")
    workspace.delete_file(file.id)
    return {}


def get_upload_url(workspace: Workspace, uploads: Uploads, args: Arguments) -> Json:
    name = args.required("filename")
    length = args.number("length", 0)
    if length < 1:
        raise Refusal("invalid_arguments")
    if len(args.text("alt_txt")) > limits.ALT_TEXT:
        raise Refusal("alt_txt_too_long")
    if args.text("snippet_type") and length > limits.SNIPPET_BYTES:
        raise Refusal("snippet_too_large")
    extension = name.rpartition(".")[2].lower()
    file = File(
        id=workspace.next_id("F"),
        name=name,
        media_type=MEDIA_TYPES.get(extension, "application/octet-stream"),
        size=length,
        owner=BOT_USER_ID,
        created=int(workspace.clock()),
        mode="snippet" if args.text("snippet_type") or extension == "txt" else "hosted",
    )
    ticket = secrets.token_urlsafe(16)
    uploads.tickets[ticket] = file.id
    uploads.by_file[file.id] = Upload(file, length)
    return {"upload_url": f"{workspace.origin}/upload/v1/{ticket}", "file_id": file.id}


def complete_upload(workspace: Workspace, uploads: Uploads, args: Arguments) -> Json:
    """Share the uploaded files in one message; without a channel they stay the app's own."""
    named = args.objects("files", "invalid_arguments")
    if not named:
        raise Refusal("invalid_arguments")
    found = [uploads.by_file.get(str(item.get("id"))) for item in named]
    channels = [c for c in (args.text("channel_id") or args.text("channels")).split(",") if c]
    if len(channels) > limits.UPLOAD_CHANNELS:
        raise Refusal("channels_limit_exceeded")
    places = [writable_channel(workspace, Arguments({"channel": c})) for c in channels]
    thread_ts = args.text("thread_ts")
    if thread_ts and len(places) == 1:
        thread_root(workspace, places[0], thread_ts, "thread_not_found")
    blocks = name_blocks(read_blocks(args) or ())
    files: list[File] = []
    for item, upload in zip(named, found, strict=True):
        if upload is None or upload.content is None:
            raise Refusal("file_not_found")
        file = replace(upload.file, title=str(item.get("title") or ""))
        workspace.contents[file.id] = upload.content
        files.append(workspace.put_file(file))
        del uploads.by_file[file.id]
    for channel in places:
        workspace.post(
            Message(
                channel=channel.id,
                ts=workspace.next_ts(channel.id),
                user=BOT_USER_ID,
                text=args.text("initial_comment"),
                thread_ts=thread_ts,
                blocks=blocks,
                files=tuple(file.id for file in files),
                subtype="file_share",
                bot_id=BOT_ID,
            )
        )
    shared = [workspace.files[file.id] for file in files]
    return {"files": [file_json(workspace, file, with_shares=True) for file in shared]}
