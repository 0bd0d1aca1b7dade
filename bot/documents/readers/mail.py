"""Mail: the headers people see, the body, and the files attached."""

import email
import email.policy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.message import EmailMessage

from .encoding import decode
from .kinds import Kind
from .markup import to_markdown
from .pages import MEMBER_BYTES, MEMBERS, Limits, Reading, ReadMember, Unreadable, read_parts

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_HEADER_CHARACTERS = 2_000
_SIGNATURES = frozenset({
    "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature",
})  # fmt: skip


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read a message; what is attached is taken out, messages too, and named in the text.

    Raises:
        Unreadable: `too_complex`, when its parts are nested too deep.
    """
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
    except RecursionError as error:
        raise Unreadable("too_complex", "nested parts") from error
    headers = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    attached = [(name, part) for part in _walk(message) if (name := _attachment_name(part))]
    listing = ["Attachments: " + ", ".join(name for name, _ in attached)] if attached else []
    text = "\n\n".join(["\n".join(headers), _body(message), *listing])
    return replace(
        read_parts(text, limits),
        members=tuple(_take_out(attached[:MEMBERS])),
        left_out=max(0, len(attached) - MEMBERS),
    )


def _walk(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield a message's own parts; an attached message is one of them, its parts are not."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        yield part
        parts = part.get_payload() if _content_type(part).startswith("multipart/") else None
        if isinstance(parts, list):
            waiting += [inner for inner in reversed(parts) if isinstance(inner, EmailMessage)]


def _content_type(part: EmailMessage) -> str:
    try:
        return part.get_content_type()
    except Exception:  # noqa: BLE001  # as in _header
        return "text/plain"


def _header(message: EmailMessage, name: str) -> str:
    """Return a header's text, raw where the standard library stumbles over it."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    try:
        # Parsing a list of a million addresses takes minutes.
        value = str(message[name] or "") if len(raw) <= 10 * _HEADER_CHARACTERS else raw
    except Exception:  # noqa: BLE001  # its header parser raises nearly anything on broken input
        value = raw
    return " ".join(value.split())[:_HEADER_CHARACTERS]


def _attachment_name(part: EmailMessage) -> str:
    """Return what an attached file is called; "" for the body, its pictures, and signatures."""
    kind = _content_type(part)
    try:
        name = " ".join((part.get_filename() or "").split())
        attached = part.is_attachment()
    except Exception:  # noqa: BLE001  # as in _header
        return ""
    embedded = kind.startswith("image/") and "Content-ID" in part and not attached
    if embedded or kind in _SIGNATURES or kind.startswith("multipart/"):
        return ""
    if kind == "message/rfc822":
        name = name or "message"
        return name if name.lower().endswith(".eml") else f"{name}.eml"
    return name or ("unnamed" if attached else "")


def _take_out(attached: Iterable[tuple[str, EmailMessage]]) -> Iterator[ReadMember]:
    room = MEMBER_BYTES
    for name, part in attached:
        try:
            data = _content(part)
        except Exception:  # noqa: BLE001  # as in _header
            yield ReadMember(name, failure="damaged")
            continue
        if len(data) > room:
            yield ReadMember(name, failure="too_complex")
            continue
        room -= len(data)
        yield ReadMember(name, data)


def _content(part: EmailMessage) -> bytes:
    if _content_type(part) == "message/rfc822":
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, EmailMessage) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _body(message: EmailMessage) -> str:
    """Return the first plain text that says something, else the first HTML, as text."""
    for kind in ("text/plain", "text/html"):
        for part in _walk(message):
            if _content_type(part) != kind or _attachment_name(part):
                continue
            payload = part.get_payload(decode=True)
            text = decode(payload, _charset(part)) if isinstance(payload, bytes) else ""
            text = to_markdown(text) if kind == "text/html" else text
            if text.strip():
                return text
    return ""


def _charset(part: EmailMessage) -> str:
    try:
        return part.get_content_charset() or ""
    except Exception:  # noqa: BLE001  # as in _header
        return ""
