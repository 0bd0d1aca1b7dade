"""What a message links to in Slack, read for the person who asks, and for nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import structlog

from bot.conversation.messages import AssistantMessage, Message, SharedFile, UnreadFile
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.language import Told, tell
from bot.slack.events import Said
from bot.slack.files import parse_file
from bot.slack.links import SLACK_ORIGIN, FileLink, Link, MessageLink, find_links
from bot.slack.threads import to_messages
from bot.slack.viewer import Viewer
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

# One sentence, whether it is the person or we who may not see it, or there is no such thing:
# anything more precise would tell a stranger what there is.
UNSEEN_FILE: Final = tell(
    "I can't open the linked file for you. If you can see it, please share it here."
)
UNSEEN_MESSAGE: Final = tell(
    "I can't open the linked message for you. If you can see it, please invite me to its channel."
)
UNREACHED: Final = tell(
    "I couldn't open what you linked, because Slack can't be reached just now. "
    "Please ask again in a minute."
)
_MOST_LINKS: Final = 5
TOO_MANY: Final = tell("I opened only the first {count} of your links.", count=_MOST_LINKS)

_MOST_REPLIES: Final = 50
_MESSAGE_CHARACTERS: Final = 4_000
_THREAD_CHARACTERS: Final = 16_000
_PATIENCE_SECONDS: Final = 5.0

# A file that is shared in a channel gets its summary unasked; its links were not meant for us.
_ADDRESSED: Final = frozenset({"direct", "mention", "asked", "reply"})


@dataclass(frozen=True, slots=True)
class Linked:
    """A conversation that a message links to.

    Attributes:
        name: What and where it is, such as "thread in #general".
        text: Who said what, as "Alice: …", at most about 16,000 characters. A message's further
            lines are set in, so that nobody can write a line in another's name.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Followed:
    """What a message's links led to.

    Attributes:
        files: The files that are linked, and those that came with linked messages, if all who
            read the answer may see them: they are shared here, or the answer is for one person.
        elsewhere: Such files from elsewhere: the asker may see them, others here perhaps not.
        linked: The conversations.
        unread: The sentences on what could not be opened; they name nothing of it.
    """

    files: tuple[SharedFile, ...] = ()
    elsewhere: tuple[SharedFile, ...] = ()
    linked: tuple[Linked, ...] = ()
    unread: tuple[UnreadFile, ...] = ()


async def follow_links(workspace: Workspace, said: Said) -> Followed:
    """Open what a message to us links to, as far as its author may see it.

    Its own thread needs no opening. Never raises a DeliveryError.
    """
    if said.call not in _ADDRESSED:
        return Followed()
    # What others wrote must not be opened with the rights of the one who asks about it.
    own = said.text.removesuffix(said.forwarded)
    links = [
        link
        for link in find_links(own, {SLACK_ORIGIN, _find_origin(workspace)})
        if not _leads_here(link, said)
    ]
    viewer = Viewer(workspace, said.author, said.thread.channel)
    found: list[Followed] = []
    try:
        for link in links[:_MOST_LINKS]:
            found.append(await _follow(link, viewer, workspace))  # noqa: PERF401  # kept if one fails
        if len(links) > _MOST_LINKS:
            found.append(_leave(TOO_MANY))
    except DeliveryDelayed as error:
        # The others would have to wait as long, and the answer with them.
        log.warning("links_not_followed", code=error.code)
        found.append(_leave(UNREACHED))
    files = [file for one in found for file in one.files]
    elsewhere = [file for one in found for file in one.elsewhere]
    alone = said.is_private
    return Followed(
        tuple([*files, *elsewhere] if alone else files),
        tuple([] if alone else elsewhere),
        tuple(conversation for one in found for conversation in one.linked),
        tuple(dict.fromkeys(unread for one in found for unread in one.unread)),
    )


async def _follow(link: Link, viewer: Viewer, workspace: Workspace) -> Followed:
    """Open one link; raises DeliveryDelayed."""
    found: Followed | None = None
    try:
        match link:
            case FileLink():
                found = await _open_file(link, viewer, workspace)
            case MessageLink():
                found = await _open_message(link, viewer, workspace)
    except DeliveryRefused as error:
        log.info("link_not_followed", code=error.code)
    return found or _leave(UNSEEN_FILE if isinstance(link, FileLink) else UNSEEN_MESSAGE)


async def _open_file(link: FileLink, viewer: Viewer, workspace: Workspace) -> Followed | None:
    answer = await workspace.calls.call("files.info", patience=_PATIENCE_SECONDS, file=link.file_id)
    file = answer.get("file") or {}
    if not await viewer.sees_file(file):
        return None
    parsed = (parse_file(file),)
    return Followed(files=parsed) if viewer.is_here(file) else Followed(elsewhere=parsed)


async def _open_message(link: MessageLink, viewer: Viewer, workspace: Workspace) -> Followed | None:
    """Read a message: a reply with its thread's root, a root with its first replies."""
    if not await viewer.sees_channel(link.channel):
        return None
    # The root comes first on every page (Slack docs, conversations.replies).
    page = await workspace.calls.call(
        "conversations.replies",
        patience=_PATIENCE_SECONDS,
        channel=link.channel,
        ts=link.root_ts,
        oldest=link.ts if link.is_reply else None,
        latest=link.ts if link.is_reply else None,
        inclusive=True,
        limit=1 + (1 if link.is_reply else _MOST_REPLIES),
        include_all_metadata=True,
    )
    messages = await to_messages(workspace, page.get("messages") or [])
    linked = [message for message in messages if message.ts == link.ts]
    if not linked:
        return None
    names = await workspace.directory.find_names([f"<#{link.channel}>"])
    channel = names.channels.get(link.channel)
    what = "message" if link.is_reply or len(messages) == 1 else "thread"
    goes_on = not link.is_reply and bool(page.get("has_more"))
    files = tuple(file for message in linked for file in _files_of(message))
    here = viewer.is_in(link.channel)
    return Followed(
        files=files if here else (),
        elsewhere=() if here else files,
        linked=(
            Linked(f"{what} in #{channel}" if channel else what, _write(messages, goes_on=goes_on)),
        ),
    )


def _write(messages: Sequence[Message], *, goes_on: bool) -> str:
    lines: list[str] = []
    left = _THREAD_CHARACTERS
    for message in messages:
        line = _write_message(message)
        left -= len(line)
        if left < 0:
            goes_on = True
            break
        lines.append(line)
    return "\n".join([*lines, *(["(The thread goes on.)"] if goes_on else [])])


def _write_message(message: Message) -> str:
    name = "Aloud" if isinstance(message, AssistantMessage) else message.author_name
    text = message.text
    if len(text) > _MESSAGE_CHARACTERS:
        text = f"{text[:_MESSAGE_CHARACTERS]}… (The message goes on.)"
    if files := _files_of(message):
        text = f"{text}\n(shared {', '.join(f'“{file.name}”' for file in files)})".strip()
    return f"{' '.join(name.split())}: {text}".replace("\n", "\n  ")


def _files_of(message: Message) -> tuple[SharedFile, ...]:
    return () if isinstance(message, AssistantMessage) else message.files


def _leads_here(link: Link, said: Said) -> bool:
    """Whether it is a link to the thread that it stands in."""
    here = (said.thread.channel, said.thread.thread_ts)
    return isinstance(link, MessageLink) and (link.channel, link.root_ts) == here


def _find_origin(workspace: Workspace) -> str:
    """Return where the Web API is; workspaces are there, too, if it is not at slack.com."""
    api = urlsplit(workspace.client.base_url)
    return f"{api.scheme}://{api.netloc}"


def _leave(reason: Told) -> Followed:
    return Followed(unread=(UnreadFile(file_id="", name="", reason=reason),))
