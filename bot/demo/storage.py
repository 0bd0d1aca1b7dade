"""Keep a workspace in a folder: one JSON file, and the bytes of each file beside it."""

import asyncio
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog

from bot.demo.workspace import (
    Change,
    Channel,
    File,
    Json,
    Message,
    User,
    Workspace,
)

log = structlog.get_logger(__name__)

_SAVE_EVERY = 0.5


def dump(workspace: Workspace) -> Json:
    """Return what is worth keeping of the workspace, as JSON."""
    return {
        "users": [asdict(user) for user in workspace.users.values()],
        "channels": [
            {**asdict(channel), "members": sorted(channel.members)}
            for channel in workspace.channels.values()
        ],
        "messages": [asdict(message) for message in workspace.messages.values()],
        "ephemerals": [asdict(message) for message in workspace.ephemerals.values()],
        "files": [asdict(file) for file in workspace.files.values()],
        "titles": [[*place, title] for place, title in workspace.titles.items()],
        "prompts": [[*place, list(prompts)] for place, prompts in workspace.prompts.items()],
        "counts": workspace.counts,
    }


def restore(workspace: Workspace, kept: Json) -> None:
    """Put what `dump` returned into a fresh workspace; streams that were cut off are ended."""
    for user in kept["users"]:
        workspace.users[user["id"]] = User(**user)
    for channel in kept["channels"]:
        members = frozenset(channel["members"])
        workspace.channels[channel["id"]] = Channel(**{**channel, "members": members})
        workspace.timelines.setdefault(channel["id"], [])
    for body in kept["files"]:
        shares = tuple((channel, ts) for channel, ts in body["shares"])
        workspace.files[body["id"]] = File(**{**body, "shares": shares})
    for body in sorted(kept["messages"], key=lambda body: body["ts"]):
        message = _message(body)
        workspace.insert(message)
        workspace.note_ts(message.channel, message.ts)
    for body in kept["ephemerals"]:
        message = _message(body)
        workspace.ephemerals[message.place] = message
    workspace.titles |= {(channel, ts): title for channel, ts, title in kept["titles"]}
    workspace.prompts |= {(channel, ts): tuple(p) for channel, ts, p in kept["prompts"]}
    workspace.counts |= kept["counts"]


def _message(body: Json) -> Message:
    message = Message(**{
        **body,
        "blocks": tuple(body["blocks"]),
        "attachments": tuple(body["attachments"]),
        "files": tuple(body["files"]),
        "unfurls": tuple(body["unfurls"]),
        "edited": tuple(body["edited"]) if body["edited"] else None,
        "reactions": {name: tuple(users) for name, users in body["reactions"].items()},
    })  # fmt: skip
    return replace(message, streaming="completed") if message.streaming else message


class Keeper:
    """Loads a workspace at start and saves it a moment after each change."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._state = folder / "workspace.json"
        self._files = folder / "files"
        self._changed = asyncio.Event()
        self._saver: asyncio.Task[None] | None = None
        self._saved_files: set[str] = set()

    async def load(self) -> None:
        """Read the folder, an empty or missing one too, and begin to save."""
        kept, contents = await asyncio.to_thread(self._read)
        if kept is not None and not self._is_readable(kept):
            log.warning("workspace_unreadable", file=str(self._state))
            await asyncio.to_thread(self._state.replace, self._state.with_suffix(".unreadable"))
        elif kept is not None:
            restore(self._workspace, kept)
            self._workspace.contents |= contents
            self._saved_files |= set(contents)
        self._workspace.watch(self._note)
        self._saver = asyncio.create_task(self._save_changes())

    async def close(self) -> None:
        """Save what is not saved yet."""
        if self._saver is not None:
            self._saver.cancel()
            await asyncio.gather(self._saver, return_exceptions=True)
            await self._save()

    def _is_readable(self, kept: Json) -> bool:
        """Tell whether the file can be restored, on a workspace that is thrown away."""
        try:
            restore(Workspace(self._workspace.clock), kept)
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        return True

    def _note(self, _change: Change) -> None:
        self._changed.set()

    async def _save_changes(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(_SAVE_EVERY)
            self._changed.clear()
            try:
                await self._save()
            except OSError as error:
                log.warning("workspace_not_saved", error=str(error))

    async def _save(self) -> None:
        text = json.dumps(dump(self._workspace))
        new = {
            file_id: content
            for file_id, content in self._workspace.contents.items()
            if file_id not in self._saved_files
        }
        gone = self._saved_files - set(self._workspace.contents)
        await asyncio.to_thread(self._write, text, new, gone)
        self._saved_files = (self._saved_files | set(new)) - gone

    def _read(self) -> tuple[Any, dict[str, bytes]]:
        self._files.mkdir(parents=True, exist_ok=True)
        if not self._state.exists():
            return None, {}
        try:
            kept = json.loads(self._state.read_text(encoding="utf-8"))
        except ValueError:
            kept = {}
        stored = {path.name: path.read_bytes() for path in self._files.iterdir()}
        return kept, stored

    def _write(self, text: str, new: dict[str, bytes], gone: set[str]) -> None:
        for file_id in gone:
            (self._files / file_id).unlink(missing_ok=True)
        for file_id, content in new.items():
            (self._files / file_id).write_bytes(content)
        beside = self._state.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._state)
