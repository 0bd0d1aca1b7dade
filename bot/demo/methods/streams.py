"""`chat.startStream`, `chat.appendStream`, `chat.stopStream`: a message that grows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.access import (
    check_posting,
    thread_root,
    visible_channel,
    writable_channel,
)
from bot.demo.methods.chat import read_blocks, read_metadata, require_either
from bot.demo.shapes import message_json
from bot.demo.validation import find_problems
from bot.demo.workspace import (
    BOT_ID,
    BOT_USER_ID,
    Json,
    Message,
    Stream,
    Workspace,
    name_blocks,
)

_TASK_STATES = {"pending", "in_progress", "complete", "error"}
_SESSION_STATES = {"active", "processing", "suspended", "closed"}


def start(workspace: Workspace, args: Arguments) -> Json:
    """Post the first piece; outside a DM both recipient ids are required."""
    channel = writable_channel(workspace, args)
    thread_ts = args.text("thread_ts")
    if not thread_ts:
        raise Refusal("invalid_thread_ts")
    thread_root(workspace, channel, thread_ts, "invalid_thread_ts")
    check_posting(workspace, channel, thread_ts)
    if channel.kind != "im":
        if not args.text("recipient_team_id"):
            raise Refusal("missing_recipient_team_id")
        if not args.text("recipient_user_id"):
            raise Refusal("missing_recipient_user_id")
    if args.text("recipient_user_id") not in {"", *workspace.users}:
        raise Refusal("user_not_found")
    mode, chunks = _read_chunks(args)
    ts = workspace.next_ts(channel.id)
    stream = Stream(mode, workspace.clock())
    empty = Message(
        channel.id,
        ts,
        BOT_USER_ID,
        "",
        thread_ts=thread_ts,
        bot_id=BOT_ID,
        streaming="in_progress",
    )
    message, stream = _grow(empty, stream, chunks)
    workspace.streams[message.place] = stream
    workspace.post(message)
    workspace.set_session((channel.id, thread_ts), "processing")
    return {"channel": channel.id, "ts": ts}


def append(workspace: Workspace, args: Arguments) -> Json:
    require_either(args, "markdown_text", "chunks")
    message, stream = _open_stream(workspace, args)
    mode, chunks = _read_chunks(args)
    stream = _keep_mode(stream, mode)
    message, stream = _grow(message, stream, chunks)
    workspace.streams[message.place] = stream
    workspace.put(message, "streamed")
    return {"channel": message.channel, "ts": message.ts}


def stop(workspace: Workspace, args: Arguments) -> Json:
    """End the stream; `blocks` go below what was streamed."""
    message, stream = _open_stream(workspace, args, stopping=True)
    mode, chunks = _read_chunks(args)
    message, _ = _grow(message, _keep_mode(stream, mode), chunks)
    below = read_blocks(args) or []
    metadata = read_metadata(args) or None
    session = args.text("session_status") or "active"
    if session not in _SESSION_STATES:
        raise Refusal("invalid_arguments")
    message = replace(
        message,
        blocks=(*message.blocks, *name_blocks(below)),
        metadata=metadata,
        streaming="completed",
    )
    del workspace.streams[message.place]
    workspace.put(message)
    workspace.set_session((message.channel, message.root_ts), session)
    body = message_json(workspace, message, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": body}


def _open_stream(
    workspace: Workspace, args: Arguments, *, stopping: bool = False
) -> tuple[Message, Stream]:
    channel = visible_channel(workspace, args.required("channel"))
    message = workspace.messages.get((channel.id, args.required("ts")))
    if message is None:
        raise Refusal("message_not_found")
    if message.user != BOT_USER_ID:
        raise Refusal("message_not_owned_by_app")
    stream = workspace.streams.get(message.place)
    if stream is not None and workspace.clock() - stream.started_at > limits.STREAM_SECONDS:
        expire(workspace, message)
        stream = None
    if stream is None:
        raise Refusal("message_not_in_streaming_state")
    if stream.stopped_by and not stopping:
        raise Refusal("stopped_by_user")
    return message, stream


def expire(workspace: Workspace, message: Message) -> None:
    """End a stream that outlived its time; the message stays as it is."""
    del workspace.streams[message.place]
    workspace.put(replace(message, streaming="completed"), "streamed")
    workspace.set_session((message.channel, message.root_ts), "active")


def _keep_mode(stream: Stream, mode: Literal["text", "chunks", ""]) -> Stream:
    if mode and stream.mode and mode != stream.mode:
        raise Refusal("streaming_mode_mismatch")
    return replace(stream, mode=stream.mode or mode)


def _read_chunks(args: Arguments) -> tuple[Literal["text", "chunks", ""], list[Json]]:
    text = args.text("markdown_text")
    chunks = args.objects("chunks", "invalid_chunks")
    if text and chunks:
        raise Refusal("streaming_mode_mismatch")
    if len(text) > limits.MARKDOWN_ARGUMENT:
        raise Refusal("msg_too_long")
    if text:
        return "text", [{"type": "markdown_text", "text": text}]
    for chunk in chunks or ():
        _check_chunk(chunk)
    return ("chunks" if chunks else ""), chunks or []


def _check_chunk(chunk: Json) -> None:
    match chunk.get("type"):
        case "markdown_text":
            good = isinstance(chunk.get("text"), str)
        case "task_update":
            named = isinstance(chunk.get("id"), str) and isinstance(chunk.get("title"), str)
            good = named and chunk.get("status", "pending") in _TASK_STATES
        case "plan_update":
            good = isinstance(chunk.get("title"), str)
        case "blocks":
            good = not find_problems(chunk.get("blocks"))
        case _:
            good = False
    if not good:
        raise Refusal("invalid_chunks")


def _grow(message: Message, stream: Stream, chunks: Sequence[Json]) -> tuple[Message, Stream]:
    """Return message and stream with the chunks at their end."""
    text, blocks = message.text, list(message.blocks)
    for chunk in chunks:
        match chunk["type"]:
            case "markdown_text":
                text += chunk["text"]
                _append_text(blocks, chunk["text"])
            case "task_update":
                _update_task(blocks, chunk)
            case "plan_update":
                rest = [block for block in blocks if block["type"] != "plan"]
                blocks = [{"type": "plan", "title": chunk["title"]}, *rest]
            case _:
                blocks += chunk["blocks"]
    size = len(text.encode())
    if size > limits.STREAM_BYTES:
        raise Refusal("msg_too_long")
    grown = replace(message, text=text, blocks=name_blocks(blocks))
    return grown, replace(stream, size=size)


def _append_text(blocks: list[Json], text: str) -> None:
    if blocks and blocks[-1]["type"] == "markdown":
        blocks[-1] = {**blocks[-1], "text": blocks[-1]["text"] + text}
    elif text:
        blocks.append({"type": "markdown", "text": text})


def _update_task(blocks: list[Json], chunk: Json) -> None:
    """Add a task, or bring it up to date: title and status replace, details and output append."""
    task: Json = {"type": "task_card", "task_id": chunk["id"], "title": chunk["title"]}
    at = len(blocks)
    for index, block in enumerate(blocks):
        if block["type"] == "task_card" and block["task_id"] == chunk["id"]:
            at, task = index, {**block, "title": chunk["title"]}
    task["status"] = chunk.get("status", "pending")
    for name in ("details", "output"):
        if chunk.get(name):
            task[name] = task.get(name, "") + chunk[name]
    if chunk.get("sources"):
        task["sources"] = chunk["sources"]
    blocks[at : at + 1] = [task]
