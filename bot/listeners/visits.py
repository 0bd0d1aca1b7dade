"""From somebody's coming to an entry in the ledger, from a look to what is being viewed."""

from collections.abc import Mapping
from typing import Any

import structlog

from bot.errors import NotInstalled
from bot.ledger import Entry, Ledger
from bot.slack.events import find_team
from bot.slack.visit_events import (
    Visit,
    parse_joined,
    parse_look,
    parse_opened,
    parse_thread_started,
    visit_to_json,
)
from bot.slack.workspaces import Workspace, Workspaces
from bot.store.viewing import Viewing
from bot.telemetry import Metrics

log = structlog.get_logger(__name__)


class VisitDesk:
    """Writes down who came where, and what they look at; it waits for the database alone.

    Args:
        workspaces: The installations. An event of any other team is dropped.
        ledger: Where visits are written down.
        viewing: Where it is remembered what people look at.
        metrics: Counts what came in.
    """

    def __init__(
        self, workspaces: Workspaces, ledger: Ledger, viewing: Viewing, metrics: Metrics
    ) -> None:
        self._workspaces = workspaces
        self._ledger = ledger
        self._viewing = viewing
        self._metrics = metrics

    async def receive_opened(self, body: Mapping[str, Any]) -> None:
        """Take `app_home_opened`; only the messages tab is of interest here."""
        visit = parse_opened(body)
        if visit is not None and await self._find_workspace(body) is not None:
            await self._accept(visit)

    async def receive_joined(self, body: Mapping[str, Any]) -> None:
        """Take `member_joined_channel`; only our own joining is of interest."""
        workspace = await self._find_workspace(body)
        if workspace is None:
            return
        visit = parse_joined(body, workspace.bot)
        if visit is not None:
            await self._accept(visit)

    async def receive_thread_started(self, body: Mapping[str, Any]) -> None:
        """Take `assistant_thread_started`, which tells what the person looks at as well."""
        await self.receive_context(body)
        if await self._find_workspace(body) is not None:
            await self._accept(parse_thread_started(body))

    async def receive_context(self, body: Mapping[str, Any]) -> None:
        """Take `app_context_changed`, `assistant_thread_context_changed`, or a message with it."""
        look = parse_look(body)
        if look is not None and await self._find_workspace(body) is not None:
            await self._viewing.note(look.team, look.person, look.channel, look.at)

    async def _find_workspace(self, body: Mapping[str, Any]) -> Workspace | None:
        team = find_team(body)
        try:
            return await self._workspaces.find(team)
        except NotInstalled:
            log.info("event_dropped", reason="not_installed", team=team)
            return None

    async def _accept(self, visit: Visit) -> None:
        entry = Entry(
            key=visit.key,
            kind="visit",
            thread=visit.thread,
            ts=visit.ts,
            lane=visit.lane,
            payload=visit_to_json(visit),
        )
        if await self._ledger.accept(entry):
            self._metrics.accepted.labels(entry.kind).inc()
            log.info("accepted", kind=entry.kind, key=entry.key)
        else:
            self._metrics.repeated.inc()
