"""Server-sent events out of bytes, as chat-completions servers write them."""

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event's data; `failed` when the server itself calls it an error."""

    data: str
    failed: bool = False


class SseDecoder:
    """Frames a byte stream into events, however the bytes are cut.

    Lines end at LF, CR LF or CR alone. Splitting decoded text instead, as `str.splitlines` and
    httpx's `aiter_lines` do, also cuts at U+2028, U+2029 and U+0085, which JSON carries raw.

    Beyond the standard (WHATWG HTML, 9.2) it understands `error: {…}` lines (llama.cpp#16109)
    and lines of bare JSON without `data:`, and takes an unfinished last event for whole (some
    gateways leave out the final blank line). Comments, empty events and other fields are dropped.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._after_cr = False
        self._at_start = True
        self._data: list[str] = []
        self._failed = False

    def feed(self, block: bytes) -> list[Event]:
        """Take the next bytes and return the events they complete."""
        if not block:
            return []
        if self._after_cr:
            block = block.removeprefix(b"\n")
        self._after_cr = block.endswith(b"\r")
        first, *others = _LINE_END.split(block)
        self._line.append(first)
        events = []
        for start in others:
            events += self._end_line()
            self._line.append(start)
        return events

    def flush(self) -> list[Event]:
        """Return what the end of the stream completes."""
        return self._end_line() + self._end_event()

    def _end_line(self) -> list[Event]:
        raw = b"".join(self._line)
        self._line.clear()
        if self._at_start:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
            self._at_start = False
        line = raw.decode(errors="replace")
        if not line:
            return self._end_event()
        if line.startswith("{"):
            return [*self._end_event(), Event(line)]
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "data":
                self._data.append(value)
            case "event":
                self._failed = value == "error"
            case "error":
                return [*self._end_event(), Event(value, failed=True)]
            case _:
                pass
        return []

    def _end_event(self) -> list[Event]:
        event = Event("\n".join(self._data), self._failed)
        self._data.clear()
        self._failed = False
        return [event] if event.data.strip() else []
