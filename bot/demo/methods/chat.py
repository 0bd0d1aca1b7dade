"""`chat.*`: post, change, delete; the streams stand in `streams`."""

from dataclasses import replace

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal, missing
from bot.demo.composing import links_of
from bot.demo.methods.access import (
    check_posting,
    own_message,
    thread_root,
    visible_channel,
    writable_channel,
)
from bot.demo.shapes import message_json
from bot.demo.validation import (
    find_metadata_problem,
    find_new_kinds,
    find_problems,
    find_view_problems,
)
from bot.demo.workspace import (
    BOT_ID,
    BOT_USER_ID,
    Channel,
    Json,
    Message,
    Workspace,
    name_blocks,
)


def post_message(workspace: Workspace, args: Arguments, *, public: bool = False) -> Json:
    """Post as the app; `public` allows channels it is not in."""
    channel = writable_channel(workspace, args, public=public)
    content = read_content(args)
    thread_ts = args.text("thread_ts")
    if thread_ts:
        thread_root(workspace, channel, thread_ts, "thread_not_found")
    check_posting(workspace, channel, thread_ts)
    warnings = {}
    if len(content.text) > limits.TEXT_TRUNCATED_AT:
        content = replace(content, text=content.text[: limits.TEXT_TRUNCATED_AT])
        warnings = {
            "warning": "message_truncated",
            "response_metadata": {"warnings": ["message_truncated"]},
        }
    message = workspace.post(
        replace(
            content,
            channel=channel.id,
            ts=workspace.next_ts(channel.id),
            thread_ts=thread_ts,
            subtype="thread_broadcast" if thread_ts and args.flag("reply_broadcast") else "",
            metadata=read_metadata(args) or None,
        )
    )
    unfurl(workspace, message, wanted=args.flag("unfurl_links", default=True))
    posted = message_json(workspace, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": posted, **warnings}


def update(workspace: Workspace, args: Arguments) -> Json:
    channel = visible_channel(workspace, args.required("channel"))
    message = own_message(workspace, (channel.id, args.required("ts")), "cant_update_message")
    if channel.archived:
        raise Refusal("is_inactive")
    if message.streaming == "in_progress":
        raise Refusal("streaming_state_conflict")
    if len(args.text("text")) > limits.UPDATE_TEXT:
        raise Refusal("msg_too_long")
    if {"text", "blocks", "attachments", "markdown_text"} & set(args.values):
        content = read_content(args)
        if content.blocks and _has_rich_text(message) and not _has_rich_text(content):
            raise Refusal("block_mismatch")
        message = replace(
            message,
            text=content.text,
            blocks=content.blocks,
            attachments=content.attachments or message.attachments,
            edited=(BOT_USER_ID, workspace.next_ts(channel.id)),
        )
    if "metadata" in args:
        message = replace(message, metadata=read_metadata(args) or None)
    workspace.put(message)
    body = message_json(workspace, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": body}


def delete(workspace: Workspace, args: Arguments) -> Json:
    channel = visible_channel(workspace, args.required("channel"))
    message = own_message(workspace, (channel.id, args.required("ts")), "cant_delete_message")
    workspace.delete(message.place)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(workspace: Workspace, args: Arguments) -> Json:
    channel = writable_channel(workspace, args)
    user = args.required("user")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    content = read_content(args)
    thread_ts = args.text("thread_ts")
    if thread_ts:
        thread_root(workspace, channel, thread_ts, "thread_not_found")
    if thread_ts and channel.posting == "non_threadable":
        raise Refusal("cannot_reply_to_message")
    ts = workspace.next_ts(channel.id)
    workspace.show_only_to(
        replace(content, channel=channel.id, ts=ts, thread_ts=thread_ts, audience=user)
    )
    return {"message_ts": ts}


def get_permalink(workspace: Workspace, args: Arguments) -> Json:
    channel = visible_channel(workspace, args.required("channel"))
    message = workspace.messages.get((channel.id, args.required("message_ts")))
    if message is None:
        raise Refusal("message_not_found")
    return {"channel": channel.id, "permalink": permalink(workspace, channel, message)}


def permalink(workspace: Workspace, channel: Channel, message: Message) -> str:
    address = f"{workspace.origin}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        address += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return address


def read_content(args: Arguments) -> Message:
    """Return what a call wants said, as a message of the app that has no place yet.

    Markdown text becomes one markdown block, as a stream's text does.
    """
    text = args.text("text")
    blocks = read_blocks(args)
    attachments = args.objects("attachments", "invalid_attachments")
    if "markdown_text" in args:
        if "text" in args or "blocks" in args:
            raise Refusal("markdown_text_conflict")
        markdown = args.text("markdown_text")
        if not markdown.strip():
            raise Refusal("no_text")
        if len(markdown) > limits.MARKDOWN_ARGUMENT:
            raise Refusal("msg_too_long")
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    if not text.strip() and not blocks and not attachments:
        raise Refusal("no_text")
    if attachments and len(attachments) > limits.ATTACHMENTS_PER_MESSAGE:
        raise Refusal("too_many_attachments")
    return Message(
        channel="",
        ts="",
        user=BOT_USER_ID,
        text=text,
        blocks=name_blocks(blocks or ()),
        attachments=tuple(attachments or ()),
        bot_id=BOT_ID,
    )


def validate_blocks(args: Arguments) -> Json:
    """Check blocks, a message's or a view's, and post nothing (Slack docs, blocks.validate)."""
    if "view" in args:
        view = args.structure("view", "invalid_arguments")
        if not isinstance(view, dict):
            raise Refusal("invalid_arguments")
        refuse_problems(find_view_problems(view, str(view.get("type"))), "invalid_blocks")
    elif "message" in args:
        message = args.structure("message", "invalid_arguments")
        if not isinstance(message, dict):
            raise Refusal("invalid_arguments")
        read_blocks(Arguments(message))
    elif read_blocks(args) is None:
        raise missing("blocks")
    return {}


def refuse_new_blocks(args: Arguments) -> None:
    """Refuse a call with blocks that a workspace of some years ago doesn't know."""
    refuse_problems(find_new_kinds(args.structure("blocks", "invalid_blocks")), "invalid_blocks")


def read_blocks(args: Arguments) -> list[Json] | None:
    blocks = args.structure("blocks", "invalid_blocks_format")
    if blocks is None or blocks == "":
        return None
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    refuse_problems(find_problems(blocks), "invalid_blocks")
    return blocks


def refuse_problems(problems: list[str], code: str) -> None:
    if problems:
        messages = [f"[ERROR] {problem}" for problem in problems]
        raise Refusal(code, errors=problems, response_metadata={"messages": messages})


def read_metadata(args: Arguments) -> Json:
    """Return the message metadata of a call, {} when there is none."""
    metadata = args.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return {}
    if find_metadata_problem(metadata):
        raise Refusal("invalid_metadata_format")
    return dict(metadata)


def unfurl(workspace: Workspace, message: Message, *, wanted: bool) -> None:
    """Preview the links of a message under it, which changes the message a moment later."""
    text = "\n".join([message.text, *(_text_of(block) for block in message.blocks)])
    links = tuple(dict.fromkeys(links_of(text)))
    if wanted and links:
        workspace.put(replace(workspace.messages[message.place], unfurls=links))


def _text_of(block: Json) -> str:
    text = block.get("text", "")
    if isinstance(text, dict):
        text = text.get("text", "")
    return str(text) if block["type"] in {"section", "markdown"} else ""


def _has_rich_text(message: Message) -> bool:
    return any(block["type"] == "rich_text" for block in message.blocks)


def require_either(args: Arguments, *names: str) -> None:
    if not any(name in args for name in names):
        raise missing(names[0])
