"""What a person may see in Slack, so that nobody is shown more through us."""

from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.errors import DeliveryRefused
from bot.slack.workspaces import Workspace

log = structlog.get_logger(__name__)

_PATIENCE_SECONDS: Final = 5.0
_MOST_CHANNELS: Final = 10
"""So many of a file's channels are asked about."""

_MEMBERS_PAGE: Final = 999
"""Documented (conversations.members): the largest page."""

_MOST_PAGES: Final = 20
_NOT_OF_THE_TEAM: Final = (
    "deleted",
    "is_bot",
    "is_restricted",
    "is_stranger",
    "is_ultra_restricted",
)


class Viewer:
    """One person who reads a channel, and what else Slack would show to them.

    We may be in private channels that the person is not in, so it is not enough that we can see
    something. Where Slack does not say, the answer is no: so it is for direct messages elsewhere,
    whose members are told only with scopes that we do without (im:read, mpim:read). What was asked
    once is remembered.

    Args:
        workspace: Where.
        person: The user's id.
        channel: The channel that the person writes in; they are surely in it.
    """

    def __init__(self, workspace: Workspace, person: str, channel: str) -> None:
        self._calls = workspace.calls
        self._team = workspace.bot.team
        self._person = person
        self._channel = channel
        self._known = {channel: True}
        self._of_the_team: bool | None = None

    async def sees_channel(self, channel: str) -> bool:
        """Tell whether the channel is public, and the person no guest, or the person is in it.

        Raises DeliveryDelayed when Slack can't be asked.
        """
        if channel not in self._known:
            try:
                self._known[channel] = await self._may_read(channel)
            except DeliveryRefused as error:
                log.info("channel_not_seen", channel=channel, code=error.code)
                self._known[channel] = False
        return self._known[channel]

    async def may_tell(self, channel: str) -> bool:
        """Tell whether what is said in a channel may be told where the person writes.

        That is in the channel itself and in our direct messages; elsewhere if it is public. Raises
        DeliveryError.
        """
        if self.is_in(channel) or self._channel.startswith("D"):
            return True
        about = (await self._call("conversations.info", channel=channel)).get("channel") or {}
        return about.get("is_private") is False

    async def sees_file(self, file: Mapping[str, Any]) -> bool:
        """Tell whether the file is the person's own or shared in a channel that they see.

        `file` is what files.info says of it. Raises DeliveryDelayed when Slack can't be asked.
        """
        if file.get("user") == self._person:
            return True
        channels = sorted(_find_channels(file), key=lambda one: one != self._channel)
        for channel in channels[:_MOST_CHANNELS]:
            if await self.sees_channel(channel):
                return True
        return False

    def is_in(self, channel: str) -> bool:
        """Tell whether it is the channel that the person writes in."""
        return channel == self._channel

    def is_here(self, file: Mapping[str, Any]) -> bool:
        """Tell whether the file is shared in the channel that the person writes in."""
        return self._channel in _find_channels(file)

    async def _may_read(self, channel: str) -> bool:
        answer = await self._call("conversations.info", channel=channel)
        about = answer.get("channel") or {}
        # Newer private channels are called channels, too (Slack docs, "Conversation object").
        if about.get("is_private") is False and await self._is_of_the_team():
            return True
        return await self._is_member(channel)

    async def _is_of_the_team(self) -> bool:
        """Tell whether the person sees all public channels: no guest, and of no other team."""
        if self._of_the_team is None:
            user = (await self._call("users.info", user=self._person)).get("user") or {}
            self._of_the_team = user.get("team_id") == self._team and not any(
                user.get(flag) for flag in _NOT_OF_THE_TEAM
            )
        return self._of_the_team

    async def _is_member(self, channel: str) -> bool:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._call(
                "conversations.members", channel=channel, limit=_MEMBERS_PAGE, cursor=cursor or None
            )
            if self._person in (page.get("members") or ()):
                return True
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return False
        log.warning("members_not_read_whole", channel=channel)
        return False

    async def _call(self, method: str, **arguments: object) -> dict[str, Any]:
        return await self._calls.call(method, patience=_PATIENCE_SECONDS, **arguments)


def _find_channels(file: Mapping[str, Any]) -> list[str]:
    """Return where a file is shared, each channel once (Slack docs, "File object")."""
    shares = file.get("shares") or {}
    named = [*(file.get(kind) or () for kind in ("channels", "groups", "ims")), *shares.values()]
    return list(dict.fromkeys(channel for channels in named for channel in channels))
