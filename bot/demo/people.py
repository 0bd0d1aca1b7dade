"""The verbs of the people in the workspace, the written word first."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.demo.clicks import Clicks
from bot.demo.composing import rich_text_of
from bot.demo.deliveries import Deliveries
from bot.demo.methods.chat import unfurl
from bot.demo.methods.views import Triggers
from bot.demo.profiles import Profile
from bot.demo.response_urls import ResponseUrls
from bot.demo.workspace import File, Message, Workspace

FileToShare = tuple[str, bytes, str] | str
"""A new file as name, bytes and media type, or the id of one that is there."""


class People(Clicks):
    """What anyone but the app does; the app learns of it through `deliveries`.

    Args:
        workspace: Where people are.
        deliveries: The way to the app.
        response_urls: Issues the URLs that go along with presses.
        triggers: Issues the trigger ids that do.
        features: `features` of the app's manifest: its commands and shortcuts.
    """

    def __init__(
        self,
        workspace: Workspace,
        deliveries: Deliveries,
        response_urls: ResponseUrls,
        triggers: Triggers,
        features: Mapping[str, Any],
    ) -> None:
        super().__init__(workspace, deliveries, response_urls, triggers, features)
        self.quiet = False

    @property
    def profile(self) -> Profile:
        """What is switched on in this workspace."""
        return self.workspace.profile

    async def post(
        self,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        files: Sequence[FileToShare] = (),
        *,
        broadcast: bool = False,
    ) -> str:
        """Post as a person or another bot and return the `ts`.

        Args:
            user: Who writes.
            channel: Where.
            text: Wire text: `<@U…>` is a mention, `&lt;` a less-than sign.
            thread_ts: The root to reply to. With an assistant everything said in its direct
                conversation stands in a thread: in a new one, if none is open yet.
            files: What is shared with it.
            broadcast: Show a reply in the channel too (`thread_broadcast`).
        """
        if not thread_ts and self._is_chat(user, channel):
            thread_ts = self.workspace.assistant_threads.get(user) or await self.new_chat(user)
        shared = tuple(
            file if isinstance(file, str) else self._share(user, *file) for file in files
        )
        author = self.workspace.users[user]
        subtype = "file_share" if shared else "thread_broadcast" if broadcast else ""
        message = self.workspace.post(
            Message(
                channel=channel,
                ts=self.workspace.next_ts(channel),
                user=user,
                text=text,
                thread_ts=thread_ts or "",
                blocks=(rich_text_of(text),) if text and not author.bot_id else (),
                files=shared,
                subtype=subtype,
                bot_id=author.bot_id,
                client_msg_id="" if author.bot_id else str(uuid.uuid4()),
            )
        )
        unfurl(self.workspace, message, wanted=not self.quiet)
        return message.ts

    async def seed(
        self, channel: str, said: Sequence[tuple[str, str]], thread_ts: str | None = None
    ) -> list[str]:
        """Write messages (user, text) into the past: nobody gets an event of them."""
        self.quiet = True
        try:
            return [await self.post(user, channel, text, thread_ts) for user, text in said]
        finally:
            self.quiet = False

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change a person's own message."""
        message = self._own(user, channel, ts)
        blocks = (rich_text_of(text),) if text else ()
        edited = (user, self.workspace.next_ts(channel))
        self.workspace.put(replace(message, text=text, blocks=blocks, edited=edited))

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete a person's own message."""
        self.workspace.delete(self._own(user, channel, ts).place)

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Add a reaction, named without colons."""
        self._set_reaction(channel, ts, name, lambda users: (*users, user))

    async def unreact(self, user: str, channel: str, ts: str, name: str) -> None:
        """Take a reaction back."""
        self._set_reaction(
            channel, ts, name, lambda users: tuple(each for each in users if each != user)
        )

    async def delete_file(self, file_id: str) -> None:
        """Delete a file; messages that showed it keep a tombstone, and `file_deleted` is sent."""
        self.workspace.delete_file(file_id)
        event_ts = f"{self.workspace.clock():.6f}"
        await self.deliver({"type": "file_deleted", "file_id": file_id, "event_ts": event_ts})

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """Return the channel's roots, or a thread with its root first."""
        if thread_ts is None:
            stamps = self.workspace.timelines[channel]
            return [self.workspace.messages[(channel, ts)] for ts in stamps]
        root = self.workspace.messages.get((channel, thread_ts))
        return [*([root] if root else []), *self.workspace.replies((channel, thread_ts))]

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """Return what only this person sees in the channel."""
        shown = self.workspace.ephemerals.values()
        return [m for m in shown if m.channel == channel and m.audience == user]

    def add_file(self, owner: str, name: str, content: bytes, media_type: str, **mode: Any) -> File:
        """Add a file to be shared by its id; `mode` and `url` as in `Workspace.add_file`."""
        return self.workspace.add_file(name, content, media_type, owner, **mode)

    def _is_chat(self, user: str, channel: str) -> bool:
        """Tell whether this is a person's direct conversation with an assistant."""
        return (
            self.profile.view == "assistant"
            and self.workspace.channels[channel].kind == "im"
            and not self.workspace.users[user].bot_id
        )

    def _set_reaction(
        self, channel: str, ts: str, name: str, change: Callable[[tuple[str, ...]], Iterable[str]]
    ) -> None:
        message = self.workspace.messages[channel, ts]
        users = tuple(dict.fromkeys(change(message.reactions.get(name, ()))))
        reactions = {**message.reactions, name: users}
        kept = {each: who for each, who in reactions.items() if who}
        self.workspace.put(replace(message, reactions=kept), "reaction")

    def _share(self, user: str, name: str, content: bytes, media_type: str) -> str:
        mode = "snippet" if media_type == "text/plain" else "hosted"
        return self.workspace.add_file(name, content, media_type, user, mode=mode).id

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self.workspace.messages[(channel, ts)]
        if message.user != user:
            raise PermissionError(f"{ts} is not a message of {user}")
        return message
