"""Mail: the headers people see, the body, and the names of what is attached."""

import email
import email.policy
from email.message import EmailMessage

from .encoding import decode
from .kinds import Kind
from .markup import to_markdown
from .pages import Limits, Reading, Unreadable, read_parts

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_HEADER_CHARACTERS = 2_000


def read(data: bytes, _kind: Kind, limits: Limits) -> Reading:
    """Read a message; an attached message is named, not read.

    Raises:
        Unreadable: `too_complex`, when its parts are nested too deep.
    """
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        parts = list(message.walk())
    except RecursionError as error:
        raise Unreadable("too_complex", "nested parts") from error
    headers = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    attached = [name for part in parts if (name := _attachment_name(part))]
    notes = ["Attachments were not read."] if attached else []
    listing = ["Attachments: " + ", ".join(attached)] if attached else []
    return read_parts("\n\n".join(["\n".join(headers), _body(parts), *listing]), limits, notes)


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
    try:
        name = part.get_filename() or ""
        attached = part.is_attachment()
    except Exception:  # noqa: BLE001  # as in _header
        return ""
    if part.get_content_type() == "message/rfc822":
        name = name or "a message"
    return " ".join(name.split()) or ("unnamed" if attached else "")


def _body(parts: list[EmailMessage]) -> str:
    """Return the first plain text that says something, else the first HTML, as text."""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() != kind or _attachment_name(part):
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
