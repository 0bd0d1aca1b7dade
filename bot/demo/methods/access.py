"""What every method asks first: which channel, may the app see it, may it write there."""

from bot.demo.arguments import Arguments, Refusal
from bot.demo.workspace import BOT_USER_ID, Channel, Message, Place, Workspace


def visible_channel(workspace: Workspace, channel_id: str) -> Channel:
    """Return a channel the app knows of: public, or with the app in it."""
    channel = workspace.channels.get(channel_id)
    if channel is None or (channel.kind != "channel" and BOT_USER_ID not in channel.members):
        raise Refusal("channel_not_found")
    return channel


def readable_channel(workspace: Workspace, channel_id: str) -> Channel:
    channel = visible_channel(workspace, channel_id)
    if BOT_USER_ID not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def writable_channel(
    workspace: Workspace, args: Arguments, *, public: bool = False, name: str = "channel"
) -> Channel:
    """Return the channel to post to; a person's id means the direct conversation with them.

    Args:
        workspace: Where to look.
        args: The call's arguments.
        public: Whether the app may post to public channels it is not in (`chat:write.public`).
        name: The argument that holds the channel.
    """
    channel_id = args.required(name)
    if channel_id.startswith("U") and channel_id in workspace.users:
        return workspace.direct_channel(channel_id)
    channel = visible_channel(workspace, channel_id)
    if channel.archived:
        raise Refusal("is_archived")
    if BOT_USER_ID not in channel.members and not public:
        raise Refusal("not_in_channel")
    return channel


def check_posting(workspace: Workspace, channel: Channel, thread_ts: str) -> None:
    """Refuse what the channel's posting permissions don't allow (Slack docs, chat.postMessage)."""
    if channel.posting == "read_only":
        raise Refusal("restricted_action_read_only_channel")
    if channel.posting == "thread_only" and not thread_ts:
        raise Refusal("restricted_action_thread_only_channel")
    if channel.posting == "non_threadable" and thread_ts:
        raise Refusal("restricted_action_non_threadable_channel")
    if (channel.id, thread_ts) in workspace.locked_threads:
        raise Refusal("restricted_action_thread_locked")


def thread_root(workspace: Workspace, channel: Channel, thread_ts: str, refusal: str) -> str:
    """Return `thread_ts` if it names a root in the channel; a reply's `ts` does not do."""
    root = workspace.messages.get((channel.id, thread_ts))
    if root is None or root.thread_ts:
        raise Refusal(refusal)
    return thread_ts


def own_message(workspace: Workspace, place: Place, refusal: str) -> Message:
    message = workspace.messages.get(place)
    if message is None:
        raise Refusal("message_not_found")
    if message.user != BOT_USER_ID:
        raise Refusal(refusal)
    return message
