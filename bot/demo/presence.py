"""Where people are and what they look at: the app's tabs, channels, who is invited where."""

from collections.abc import Mapping
from typing import Any

from bot.demo import events
from bot.demo.deliveries import Deliveries, Delivery
from bot.demo.workspace import (
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    Change,
    Json,
    Message,
    Workspace,
)


class Presence:
    """People going about the workspace; the app learns of it through `deliveries`."""

    def __init__(self, workspace: Workspace, deliveries: Deliveries) -> None:
        self.workspace = workspace
        self.deliveries = deliveries

    async def open_app(self, user: str) -> None:
        """Open the app's Messages tab, or a new chat where the app is an assistant."""
        if self.workspace.profile.view == "assistant":
            await self.new_chat(user)
        await self.deliver(events.app_home_opened(self.workspace, user, "messages"))

    async def open_home(self, user: str) -> None:
        """Open the app's Home tab."""
        await self.deliver(events.app_home_opened(self.workspace, user, "home"))

    async def new_chat(self, user: str) -> str:
        """Open a new thread with an assistant and return its root's `ts`.

        The root is a hidden message of the app (Slack docs, assistant_thread_started).
        """
        channel = self.workspace.direct_channel(user).id
        root = self.workspace.post(
            Message(
                channel,
                self.workspace.next_ts(channel),
                BOT_USER_ID,
                "New Assistant Thread",
                subtype="assistant_app_thread",
                bot_id=BOT_ID,
            )
        )
        self.workspace.assistant_threads[user] = root.ts
        await self._tell_of_thread(user, "assistant_thread_started")
        return root.ts

    async def look_at(self, user: str, channel: str) -> None:
        """Look at a channel beside the app, which hears of it as an agent or assistant."""
        if self.workspace.viewing.get(user) == channel:
            return
        self.workspace.viewing[user] = channel
        self.workspace.tell(Change("viewing", user))
        view = self.workspace.profile.view
        if view == "agent":
            await self.deliver(events.app_context_changed(self.workspace, user))
        elif view == "assistant" and user in self.workspace.assistant_threads:
            await self._tell_of_thread(user, "assistant_thread_context_changed")

    async def invite(self, user: str, channel: str, who: str = BOT_USER_ID) -> None:
        """Invite the app, or somebody else, to a channel."""
        members = self.workspace.channels[channel].members
        if who in members:
            return
        self.workspace.change_channel(channel, members=members | {who})
        self._note_membership(channel, who, "channel_join", "joined")
        if BOT_USER_ID in self.workspace.channels[channel].members:
            await self.deliver(
                events.member_changed(self.workspace, channel, who, user, joined=True)
            )

    async def remove(self, user: str, channel: str, who: str = BOT_USER_ID) -> None:
        """Remove the app, or somebody else, from a channel."""
        members = self.workspace.channels[channel].members
        if who not in members:
            return
        self._note_membership(channel, who, "channel_leave", "left")
        self.workspace.change_channel(channel, members=members - {who})
        if BOT_USER_ID in members:
            await self.deliver(
                events.member_changed(self.workspace, channel, who, user, joined=False)
            )

    async def rename(self, user: str, channel: str, thread_ts: str, title: str) -> None:
        """Give an agent's session another title."""
        thread = (channel, thread_ts)
        previous = self.workspace.titles.get(thread, "")
        self.workspace.titles[thread] = title
        self.workspace.tell(Change("title", *thread))
        if self.workspace.profile.view == "agent":
            await self.deliver(
                events.title_changed(self.workspace, channel, thread_ts, user, previous)
            )

    async def stop(self, user: str, channel: str, thread_ts: str) -> None:
        """Press Stop under a thread in which the app is at work."""
        event = events.session_stopped(self.workspace, channel, thread_ts, user)
        events.stop_streams(self.workspace, event)
        await self.deliver(event)

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

    def home(self, user: str) -> Json | None:
        """Return the Home tab as the app last published it for this person."""
        return self.workspace.homes.get(user)

    def modal(self, user: str) -> Json | None:
        """Return the person's topmost open modal."""
        stack = self.workspace.modals.get(user)
        return stack[-1] if stack else None

    def modals(self, user: str) -> list[Json]:
        """Return the person's open modals, the topmost last."""
        return list(self.workspace.modals.get(user, ()))

    async def _tell_of_thread(self, user: str, type_: events.AssistantEvent) -> None:
        thread_ts = self.workspace.assistant_threads[user]
        await self.deliver(events.assistant_thread(self.workspace, type_, user, thread_ts))

    def _note_membership(self, channel: str, who: str, subtype: str, did: str) -> None:
        member = self.workspace.users[who]
        self.workspace.post(
            Message(
                channel,
                self.workspace.next_ts(channel),
                who,
                f"<@{who}> has {did} the channel",
                subtype=subtype,
                bot_id=member.bot_id,
            )
        )
