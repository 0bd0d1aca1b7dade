"""The verbs of the people in the workspace: write, edit, press, stop, run a command."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.demo import events
from bot.demo.composing import rich_text_of
from bot.demo.deliveries import Ack, Deliveries, Delivery, EnvelopeType
from bot.demo.methods.chat import unfurl
from bot.demo.methods.views import Triggers
from bot.demo.response_urls import ResponseUrls
from bot.demo.workspace import TEAM_ID, Change, File, Json, Message, Workspace, find_element

FileToShare = tuple[str, bytes, str] | str
"""A new file as name, bytes and media type, or the id of one that is there."""


class People:
    """What anyone but the app does; the app learns of it through `deliveries`."""

    def __init__(
        self,
        workspace: Workspace,
        deliveries: Deliveries,
        response_urls: ResponseUrls,
        triggers: Triggers,
    ) -> None:
        self.workspace = workspace
        self.deliveries = deliveries
        self.quiet = False
        self._response_urls = response_urls
        self._triggers = triggers

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
            thread_ts: The root to reply to.
            files: What is shared with it.
            broadcast: Show a reply in the channel too (`thread_broadcast`).
        """
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

    async def delete_file(self, file_id: str) -> None:
        """Delete a file; messages that showed it keep a tombstone, and `file_deleted` is sent."""
        self.workspace.delete_file(file_id)
        event_ts = f"{self.workspace.clock():.6f}"
        await self.deliver({"type": "file_deleted", "file_id": file_id, "event_ts": event_ts})

    async def press(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        as_team: str = TEAM_ID,
        as_channel: str | None = None,
        value: str | None = None,
    ) -> Ack:
        """Press the element of a message, ephemeral ones too; return the app's ack.

        Args:
            user: Who presses.
            channel: Where the message is.
            ts: Which message.
            action_id: Which element of it.
            as_team: Forge the payload's team.
            as_channel: Forge the payload's channel.
            value: Forge the element's value, or say which feedback button.

        Raises:
            LookupError: There is no such message or element.
            Undelivered: The app did not ack.
        """
        place = (channel, ts)
        message = self.workspace.messages.get(place) or self.workspace.ephemerals[place]
        found = find_element(message.blocks, action_id)
        if found is None:
            raise LookupError(f"no element {action_id!r} in message {ts}")
        block, element = found
        action: Json = {
            "action_id": action_id,
            "block_id": block["block_id"],
            "type": element["type"],
            "action_ts": self.workspace.next_ts(channel),
        }
        if element.get("text"):
            action["text"] = element["text"]
        chosen = element.get("value") if value is None else value
        if chosen is not None:
            action["value"] = chosen
        now = self.workspace.clock()
        payload = events.block_actions(
            self.workspace,
            message,
            action,
            user=user,
            trigger_id=self._triggers.give(user, now),
            response_url=self._response_urls.issue(channel, user, message),
            team=as_team,
            channel=as_channel,
        )
        return await self.interact(payload)

    async def interact(
        self, payload: Mapping[str, Any], type_: EnvelopeType = "interactive"
    ) -> Ack:
        """Deliver an interaction's payload just as it is."""
        return await self.deliveries.send_interaction(type_, dict(payload))

    async def command(self, user: str, channel: str, command: str, text: str = "") -> Ack:
        """Run a slash command; its name has the slash."""
        payload = events.slash_command(
            self.workspace,
            user=user,
            channel=channel,
            command=command,
            text=text,
            trigger_id=self._triggers.give(user, self.workspace.clock()),
            response_url=self._response_urls.issue(channel, user, None),
        )
        ack = await self.interact(payload, "slash_commands")
        if ack.payload:
            self._response_urls.show(channel, user, ack.payload)
        return ack

    async def submit(self, user: str, values: Json) -> Ack:
        """Submit the person's open modal with `values` as Slack's `state.values`."""
        view = self.workspace.views[f"modal:{user}"]
        trigger_id = self._triggers.give(user, self.workspace.clock())
        ack = await self.interact(
            events.view_submission(self.workspace, view, values, user=user, trigger_id=trigger_id)
        )
        if not (ack.payload or {}).get("response_action"):
            del self.workspace.views[f"modal:{user}"]
            self.workspace.tell(Change("view"))
        return ack

    async def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """Press Stop under a thread in which the app is at work."""
        event = events.session_stopped(self.workspace, channel, thread_ts, user)
        events.stop_streams(self.workspace, event)
        await self.deliver(event)

    async def open_app(self, user: str) -> None:
        """Open the direct conversation with the app."""
        channel = self.workspace.direct_channel(user).id
        await self.deliver(events.app_home_opened(user, channel, self.workspace.next_ts(channel)))

    async def deliver(
        self,
        event: Mapping[str, Any],
        *,
        event_id: str | None = None,
        team: str = TEAM_ID,
        retry_attempt: int = 0,
        **callback: Any,
    ) -> Delivery:
        """Deliver an inner event just as it is; `callback` overrides fields around it."""
        body = events.callback(
            event,
            event_id=event_id or self.workspace.next_id("Ev"),
            now=self.workspace.clock(),
            team=team,
        )
        return self.deliveries.send_event({**body, **callback}, attempt=retry_attempt)

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

    def _share(self, user: str, name: str, content: bytes, media_type: str) -> str:
        mode = "snippet" if media_type == "text/plain" else "hosted"
        return self.workspace.add_file(name, content, media_type, user, mode=mode).id

    def _own(self, user: str, channel: str, ts: str) -> Message:
        message = self.workspace.messages[(channel, ts)]
        if message.user != user:
            raise PermissionError(f"{ts} is not a message of {user}")
        return message

    def close_modal(self, user: str) -> None:
        """Close the person's open modal without submitting it."""
        if self.workspace.views.pop(f"modal:{user}", None) is not None:
            self.workspace.tell(Change("view"))
