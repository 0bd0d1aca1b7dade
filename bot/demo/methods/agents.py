"""`assistant.threads.*` and `agents.sessions.*`: what an app shows of its work."""

from bot.demo import limits
from bot.demo.arguments import Arguments, Refusal
from bot.demo.methods.access import readable_channel
from bot.demo.workspace import Change, Json, Status, Workspace

_SESSION_STATES = {"active", "processing", "suspended", "closed"}


def set_status(workspace: Workspace, args: Arguments) -> Json:
    """Show a line in a thread until a reply, an empty status, or two minutes."""
    channel = readable_channel(workspace, args.required("channel_id"))
    thread_ts = args.required("thread_ts")
    root = workspace.messages.get((channel.id, thread_ts))
    if root is None or root.thread_ts:
        raise Refusal("invalid_thread_ts")
    loading = args.structure("loading_messages", "invalid_arguments") or []
    if not isinstance(loading, list) or len(loading) > limits.LOADING_MESSAGES:
        raise Refusal("invalid_arguments")
    text = args.text("status")
    status = Status(text, workspace.clock(), tuple(str(line) for line in loading))
    workspace.set_status((channel.id, thread_ts), status if text else None)
    return {}


def set_title(workspace: Workspace, args: Arguments) -> Json:
    channel = readable_channel(workspace, args.required("channel_id"))
    thread_ts = args.required("thread_ts")
    if (channel.id, thread_ts) not in workspace.messages:
        raise Refusal("invalid_thread_ts")
    workspace.titles[(channel.id, thread_ts)] = args.required("title")
    workspace.tell(Change("title", channel.id, thread_ts))
    return {}


def set_suggested_prompts(workspace: Workspace, args: Arguments) -> Json:
    """Offer up to four prompts in a DM; without a thread they are for its next one."""
    channel = readable_channel(workspace, args.required("channel_id"))
    if channel.kind != "im":
        raise Refusal("channel_not_found")
    prompts = args.objects("prompts", "invalid_arguments")
    if prompts is None or not 1 <= len(prompts) <= limits.SUGGESTED_PROMPTS:
        raise Refusal("invalid_arguments")
    if not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
        raise Refusal("invalid_arguments")
    thread = (channel.id, args.text("thread_ts"))
    if thread[1] and thread not in workspace.messages:
        raise Refusal("invalid_thread_ts")
    workspace.prompts[thread] = tuple(prompts)
    workspace.prompt_headings[thread] = args.text("title")
    workspace.tell(Change("prompts", *thread))
    return {}


def set_session_status(workspace: Workspace, args: Arguments) -> Json:
    """Set a session's state; its title counts only when it is created by this."""
    channel = readable_channel(workspace, args.required("channel_id"))
    thread_ts = args.text("thread_ts")
    if not thread_ts:
        raise Refusal("thread_ts_required")
    if (channel.id, thread_ts) not in workspace.messages:
        raise Refusal("session_not_found")
    if args.text("initiator_user_id") not in {"", *workspace.users}:
        raise Refusal("invalid_arguments")
    state = args.required("status")
    if state not in _SESSION_STATES:
        raise Refusal("invalid_status")
    if len(args.text("title")) > limits.SESSION_TITLE:
        raise Refusal("invalid_arguments")
    if args.text("title") and (channel.id, thread_ts) not in workspace.sessions:
        workspace.titles[(channel.id, thread_ts)] = args.text("title")
        workspace.tell(Change("title", channel.id, thread_ts))
    workspace.set_session((channel.id, thread_ts), state)
    return {}


def rename_session(workspace: Workspace, args: Arguments) -> Json:
    """Give a session another title: a thread of a DM, or one that has had a session's state."""
    channel = readable_channel(workspace, args.required("channel_id"))
    title = args.required("title")
    if len(title) > limits.SESSION_TITLE:
        raise Refusal("invalid_arguments")
    thread = (channel.id, args.text("thread_ts"))
    if not thread[1]:
        raise Refusal("thread_ts_required")
    is_chat = channel.kind == "im" and thread in workspace.messages
    if thread not in workspace.sessions and not is_chat:
        raise Refusal("session_not_found")
    workspace.titles[thread] = title
    workspace.tell(Change("title", *thread))
    return {}
