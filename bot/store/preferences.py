"""What people, channels and workspaces chose."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.preferences import (
    ChannelPreferences,
    PersonPreferences,
    Preferences,
    WorkspacePreferences,
)
from bot.store.database import Database
from bot.store.tables import preferences

Chosen = PersonPreferences | ChannelPreferences | WorkspacePreferences

_Kind = Literal["person", "channel", "workspace"]
_Of = TypeVar("_Of", PersonPreferences, ChannelPreferences, WorkspacePreferences)
_KINDS: Final[dict[type, _Kind]] = {
    PersonPreferences: "person",
    ChannelPreferences: "channel",
    WorkspacePreferences: "workspace",
}
_ADAPTERS: Final[dict[type, TypeAdapter[Any]]] = {kind: TypeAdapter(kind) for kind in _KINDS}


class PreferenceStore:
    """Keeps preferences; whoever chose nothing has the neutral ones."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    async def find(self, team: str, *, person: str, channel: str) -> Preferences:
        """Return what the three chose whom a message concerns, in one query."""
        async with self._database.read() as tx:
            return await _find(tx, team, person, channel)

    async def change(
        self,
        team: str,
        *,
        person: str = "",
        channel: str = "",
        by: Callable[[Preferences], Mapping[str, Chosen]],
    ) -> bool:
        """Change what these chose by what they chose before; tell whether anything was changed.

        Nobody else, in any process, changes preferences meanwhile: of two fields that are chosen
        at the same moment, both stay.

        Args:
            team: Whose.
            person: Whose.
            channel: Of which channel.
            by: Returns what is to be written, by whose id; it must not wait.
        """
        async with self._database.write() as tx:
            await self._database.serialize(tx, "preferences")
            changed = by(await _find(tx, team, person, channel))
            for subject, chosen in changed.items():
                await self._write(tx, team, subject, chosen)
        return bool(changed)

    async def find_workspaces(self) -> dict[str, WorkspacePreferences]:
        """Return what each workspace chose that chose anything, by its team."""
        query = select(preferences.c.team, preferences.c.chosen).where(
            preferences.c.kind == "workspace"
        )
        async with self._database.read() as tx:
            return {
                team: _parse(WorkspacePreferences, chosen)
                for team, chosen in await tx.execute(query)
            }

    async def choose(self, team: str, subject: str, chosen: Chosen) -> None:
        """Write down what a person, a channel or a workspace (`subject` is its id) chose."""
        async with self._database.write() as tx:
            await self._write(tx, team, subject, chosen)

    async def _write(self, tx: AsyncConnection, team: str, subject: str, chosen: Chosen) -> None:
        row = {
            "team": team,
            "kind": _KINDS[type(chosen)],
            "subject": subject,
            "chosen": asdict(chosen),
            "changed_at": self._now(),
        }
        statement = self._database.insert(preferences).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["team", "kind", "subject"], set_=row
        )
        await tx.execute(statement)


async def _find(tx: AsyncConnection, team: str, person: str, channel: str) -> Preferences:
    query = select(preferences.c.kind, preferences.c.chosen).where(
        preferences.c.team == team,
        or_(
            (preferences.c.kind == "person") & (preferences.c.subject == person),
            (preferences.c.kind == "channel") & (preferences.c.subject == channel),
            (preferences.c.kind == "workspace") & (preferences.c.subject == team),
        ),
    )
    chosen = {row.kind: row.chosen for row in await tx.execute(query)}
    return Preferences(
        _parse(PersonPreferences, chosen.get("person")),
        _parse(ChannelPreferences, chosen.get("channel")),
        _parse(WorkspacePreferences, chosen.get("workspace")),
    )


def _parse(kind: type[_Of], chosen: object) -> _Of:
    """Read what was written, perhaps by another release; what it does not know is neutral."""
    try:
        parsed: _Of = _ADAPTERS[kind].validate_python(chosen or {})
    except ValidationError:
        return kind()
    return parsed
