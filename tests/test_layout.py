"""Imports point one way: outside in, never back."""

import ast
from pathlib import Path

import pytest

import bot

ROOT = Path(bot.__file__).parent

# Each part, and the parts it may import besides itself.
MAY_IMPORT: dict[str, set[str]] = {
    "language": set(),
    "errors": set(),
    "conversation": {"errors"},
    "model": {"conversation", "errors"},
    "documents": {"conversation", "errors"},
    "slack": {"conversation", "errors"},
    "store": {"conversation", "errors"},
    "telemetry": set(),
    "lease": {"errors"},
    "ledger": {"conversation", "errors", "store"},
    "runner": {"errors", "lease", "ledger", "telemetry"},
    "waiting": {"errors", "ledger", "slack"},
    "activity": {"conversation"},
    "admission": {"conversation", "errors", "ledger", "slack", "store"},
    "closing": {
        "conversation",
        "errors",
        "ledger",
        "slack",
        "store",
        "telemetry",
        "thinking",
    },
    "turns": {
        "activity",
        "admission",
        "closing",
        "conversation",
        "errors",
        "lease",
        "ledger",
        "notes",
        "opening",
        "slack",
        "store",
        "telemetry",
        "thinking",
    },
    "asks": {"conversation", "errors", "lease", "ledger", "slack", "store"},
    "home": {"conversation", "errors", "lease", "ledger", "slack", "store"},
    "visits": {"conversation", "errors", "lease", "ledger", "slack", "store"},
    "feedback_export": {"errors", "store"},
    "presses": {"conversation", "errors", "lease", "ledger", "slack", "store"},
    "opening": {"conversation", "errors", "slack"},
    "notes": {"conversation", "documents", "errors"},
    "reading": {"conversation", "documents", "errors", "notes", "opening", "slack"},
    "thinking": {"conversation", "documents", "errors", "notes", "opening", "reading"},
    "listeners": {"conversation", "errors", "ledger", "slack", "store", "telemetry"},
    "transport": set(),
    "manifest": set(),
    "settings": {"errors"},
    "demo": {"manifest"},
    "wiring": {"*"},
    "app": {"*"},
    "doctor": {"*"},
    "__main__": {"*"},
    "__init__": set(),
}
# What a person reads is put into their language wherever it is said.
EVERYWHERE = {"language"}
NEVER_FROM_OUTSIDE = {"demo": {"__main__"}, "settings": {"app", "doctor", "wiring", "__main__"}}


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Every part of `bot` that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "bot":
            names = [f"bot.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            # The worker's package is imported by its path, so it can't name `bot`.
            assert node.level <= 1, f"{path}: reaches above its package"
        found |= {name.split(".")[1] for name in names if name.startswith("bot.")}
    return found - {"__version__"}


FILES = sorted(ROOT.rglob("*.py"))


def test_every_part_is_named_here() -> None:
    assert {part_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    allowed = MAY_IMPORT[part] | EVERYWHERE
    for imported in imports_of(path) - {part}:
        assert imported in allowed or "*" in allowed, f"{part} imports {imported}"
        assert part in NEVER_FROM_OUTSIDE.get(imported, {part}), f"{part} imports {imported}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_hides_behind_a_name_that_says_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
