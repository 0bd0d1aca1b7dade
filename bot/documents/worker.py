"""Reads one file in a process of its own: `python -I worker.py`, one task in, one result out.

A native parser can crash, hang, or eat all memory, and its input comes from strangers. So this
process limits itself before it looks at the file, holds no secret and no connection, imports
nothing of the program but the `readers` folder beside it, and can be killed at any time.

Both directions speak in frames: four bytes of length, big-endian, then that many bytes.

- In: one JSON object (`name`, `media_type`, `memory_bytes`, `cpu_seconds`, `characters`, `pages`,
  `rows`), then the file's bytes, unframed, up to the end of the stream.
- Out: one JSON object: either `failure` (a code) and `detail`, or `kind`, `unit`, `total_pages`,
  `notes` and `pages` (how many follow); then one JSON array `[number, text, label]` for each page.
"""

import importlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

_NATIVE = {"pdf", "flow", "slides", "sheets"}
"""Readers that run native code."""


def main() -> None:
    """Read the task, limit the process, read the file, and write the result."""
    source = sys.stdin.buffer
    sink = _take_stdout()
    task = json.loads(source.read(int.from_bytes(source.read(4))))
    _limit(task["memory_bytes"], task["cpu_seconds"])
    try:
        frames = _read(source.read(), task)
    except BaseException as error:  # noqa: BLE001  # a panic of a Rust parser is no Exception
        frames = [_describe(error)]
    for frame in frames:
        encoded = json.dumps(frame, ensure_ascii=False).encode(errors="replace")
        sink.write(len(encoded).to_bytes(4) + encoded)
    sink.flush()
    # What the parsers left behind may crash when it is torn down in order.
    os._exit(0)


def _take_stdout() -> BinaryIO:
    """Keep the result's channel for ourselves: libraries that print do it into the void."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return sink


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    limits = {
        resource.RLIMIT_AS: (memory_bytes, memory_bytes),
        # The soft limit ends in SIGXCPU; the hard one is for code that ignores it.
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (32, 32),
    }
    for name, values in limits.items():
        try:
            resource.setrlimit(name, values)
        except (OSError, ValueError):
            # macOS refuses some of them; the parent's clock still stands.
            continue


def _seal() -> None:
    """Let the process open nothing more: no file of the host, and no socket."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    except (OSError, ValueError):
        return


def _read(data: bytes, task: dict[str, Any]) -> list[Any]:
    # -I hides this folder from the import system.
    sys.path.insert(0, str(Path(__file__).parent))
    kinds = importlib.import_module("readers.kinds")
    pages = importlib.import_module("readers.pages")
    kind = kinds.recognise(data, task["name"], task["media_type"])
    reader = importlib.import_module(f"readers.{kind.reader}")
    if kind.reader in _NATIVE:
        _seal()
    limits = pages.Limits(task["characters"], task["pages"], task["rows"])
    reading = reader.read(data, kind, limits)
    header = {
        "kind": kind.word,
        "unit": reading.unit,
        "total_pages": reading.total_pages,
        "notes": reading.notes,
        "pages": len(reading.pages),
    }
    return [header, *([page.number, page.text, page.label] for page in reading.pages)]


def _describe(error: BaseException) -> dict[str, str]:
    """Name the failure; an exception's text may hold the document's, so only its type is told."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return {"failure": code, "detail": str(getattr(error, "detail", ""))}
    if isinstance(error, MemoryError | RecursionError):
        return {"failure": "too_complex", "detail": type(error).__name__}
    if isinstance(error, ImportError):
        return {"failure": "reader_missing", "detail": str(error)}
    return {"failure": "damaged", "detail": type(error).__name__}


if __name__ == "__main__":
    main()
