"""Reads one file in a process of its own: `python -I worker.py TASK <file`, one result out.

A native parser can crash, hang, or eat all memory, and its input comes from strangers. So this
process limits itself before it looks at the file, holds no secret and no connection, imports
nothing of the program but the `readers` folder beside it, and can be killed at any time.

- In: the file is standard input; the task is one JSON object (`extension`, `media_type`,
  `memory_bytes`, `cpu_seconds`, `characters`, `pages`, `rows`, `ocr_pages`, `ocr_languages`).
- Out: frames, each four bytes of length, big-endian, then that many bytes. First a JSON object:
  either `failure` (a code), `detail` and `pictures`, or `kind`, `unit`, `read_pages`,
  `total_pages`, `notes` (a list of `[flaw, pages, text, count, total]`), `pictures`, `left_out`,
  `passages` (how many follow) and `members` (a list of `[name, failure]`). Then for each passage a
  JSON array `[page, piece, label, text, terms]`. Then for each member without a failure its bytes.
"""

import importlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

_NATIVE = {"pdf", "flow", "slides", "sheets", "picture"}
"""Readers that run native code."""

_BARRED = (
    "ctypes.dlopen", "os.exec", "os.fork", "os.kill", "os.posix_spawn", "os.spawn", "os.system",
    "pty.spawn", "socket.", "subprocess.",
)  # fmt: skip
"""What no reader does (Python docs, "Audit events table")."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Read the task, limit the process, read the file, and write the result."""
    task = json.loads(sys.argv[1])
    sink = _take_stdout()
    _limit(task["memory_bytes"], task["cpu_seconds"])
    try:
        frames = list(_read(sys.stdin.buffer.read(), task))
    except BaseException as error:  # noqa: BLE001  # a panic of a Rust parser is no Exception
        frames = [_encode(_describe(error))]
    for frame in frames:
        sink.write(len(frame).to_bytes(4))
        sink.write(frame)
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


def _bar() -> None:
    """Let Python code reach nothing outside: no network, no other process, no file to write."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_BARRED) or (event == "open" and arguments[2] & _WRITING):
        raise PermissionError(event)


def _read(data: bytes, task: dict[str, Any]) -> Iterator[bytes]:
    # -I hides this folder from the import system.
    sys.path.insert(0, str(Path(__file__).parent))
    kinds = importlib.import_module("readers.kinds")
    pages = importlib.import_module("readers.pages")
    terms = importlib.import_module("readers.terms")
    limits = pages.Limits(
        task["characters"], task["pages"], task["rows"], task["ocr_pages"], task["ocr_languages"]
    )
    kind = kinds.recognise(data, task["extension"], task["media_type"])
    reader = importlib.import_module(f"readers.{kind.reader}")
    # What needs files of the host opens them before they are out of reach.
    prepared = [reader.prepare(limits)] if hasattr(reader, "prepare") else []
    _bar()
    if kind.reader in _NATIVE:
        _seal()
    reading = reader.read(data, kind, limits, *prepared)
    yield _encode(
        {
            "kind": kind.word,
            "unit": reading.unit,
            "read_pages": reading.read_pages,
            "total_pages": reading.total_pages,
            "notes": [
                [note.flaw, note.pages, note.text, note.count, note.total] for note in reading.notes
            ],
            "pictures": reading.pictures,
            "left_out": reading.left_out,
            "passages": len(reading.passages),
            "members": [[member.name[-255:], member.failure] for member in reading.members],
        }
    )
    for passage in reading.passages:
        found_by = dict.fromkeys(terms.index_terms(f"{passage.label} {passage.text}"))
        yield _encode(
            [passage.page, passage.piece, passage.label, passage.text, " ".join(found_by)]
        )
    for member in reading.members:
        if not member.failure:
            yield member.data


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def _describe(error: BaseException) -> dict[str, Any]:
    """Name the failure; an exception's text may hold the document's, so only its type is told."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        detail = str(getattr(error, "detail", ""))
        return {"failure": code, "detail": detail, "pictures": getattr(error, "pictures", 0)}
    if isinstance(error, MemoryError | RecursionError):
        return {"failure": "too_complex", "detail": type(error).__name__}
    if isinstance(error, ImportError):
        return {"failure": "reader_missing", "detail": str(error)}
    return {"failure": "damaged", "detail": type(error).__name__}


if __name__ == "__main__":
    main()
