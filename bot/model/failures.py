"""Reads the errors of model servers, in every envelope they use, as the core's `ModelError`s."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import (
    ModelBusy,
    ModelError,
    ModelGone,
    ModelInterrupted,
    ModelOutOfCredit,
    ModelRefused,
    ModelRejected,
    ModelUnauthorized,
    ModelUnreachable,
    PromptTooLong,
)
from bot.model.payload import get_choice, get_object

_OVERFLOW = re.compile(
    r"context_length_exceeded|maximum (?:context|prompt) length|exceed_context_size"
    r"|exceeds the available context|longer than the context length|input length exceeds"
    r"|ContextWindowExceeded|exceeds maximum allowed token|prompt is too long"
    r"|max_tokens must be at least 1, got -",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"(?:(?:context|prompt) (?:length|size|window)|allowed token size)\D{0,12}?(?P<after>\d[\d,]*)"
    r"|> (?P<before>\d[\d,]*) maximum",
    re.IGNORECASE,
)
_UNKNOWN_MODEL = re.compile(
    r"not a valid model|model_not_found|unknown model|no such model"
    r"|model\b.{0,100}\b(?:does not exist|not found)",
    re.IGNORECASE,
)
_BILLING = re.compile(r"credit|balance|limit|quota|billing", re.IGNORECASE)
_NO_QUOTA = re.compile(r"insufficient_quota", re.IGNORECASE)
_MODERATION = re.compile(
    r"moderat|guardrail|content_policy|content_filter|content policy|safety|flagged", re.IGNORECASE
)
_STATUS_OF_KIND = (
    (re.compile(r"rate_?limit|throttl|too_many", re.IGNORECASE), 429),
    (re.compile(r"insufficient_quota|billing", re.IGNORECASE), 402),
    (re.compile(r"authentication|unauthorized|api_key", re.IGNORECASE), 401),
    (re.compile(r"not_?found", re.IGNORECASE), 404),
    (re.compile(r"invalid_?request|bad_?request", re.IGNORECASE), 400),
)

# vLLM's validation errors repeat the whole request after this word: nothing to log or to match.
_ECHO = re.compile(r"['\"]input['\"]:")
_READ_CHARACTERS = 2000
_LOGGED_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class _Report:
    """What a server said went wrong; `kind` is its words for it, made for programs."""

    status: int | None
    message: str
    kind: str = ""
    retry_after: float | None = None
    limit: int | None = None
    moderated: bool = False


def classify_reply(
    status: int, headers: Mapping[str, str], body: str, *, now: datetime
) -> ModelError:
    """Return the error that a reply outside 2xx stands for.

    Args:
        status: The HTTP status.
        headers: The reply's headers, looked up in lower case.
        body: Any text: JSON in one of the known envelopes, or a page of a CDN.
        now: Aware; what an HTTP date in `retry-after` is measured against.
    """
    try:
        payload = json.loads(body)
    except ValueError:
        payload = None
    text = body[:_READ_CHARACTERS] or headers.get("location", "")
    report = _read(payload if isinstance(payload, dict) else {"message": text})
    wait = read_wait(headers, now=now)
    return _build(
        report,
        status=status,
        retry_after=report.retry_after if wait is None else wait,
        fault=ModelUnreachable,
    )


def find_failure(payload: Mapping[str, Any]) -> ModelError | None:
    """Return the error inside a stream's payload or a 2xx body, None if it holds none.

    A fault of the server is `ModelInterrupted` here: its connection worked.
    """
    if not _is_failure(payload):
        return None
    report = _read(payload)
    return _build(
        report, status=report.status, retry_after=report.retry_after, fault=ModelInterrupted
    )


def read_wait(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` ask for, None if neither does.

    `retry-after` holds seconds, with a fraction too, or an HTTP date (RFC 9110, 10.2.3);
    `retry-after-ms` is what openai-python reads first.
    """
    milliseconds = _to_seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _to_seconds(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _is_failure(payload: Mapping[str, Any]) -> bool:
    if payload.get("error") or payload.get("object") == "error" or get_choice(payload).get("error"):
        return True
    if "choices" in payload:
        return False
    status = _to_status(payload.get("status")) or _to_status(payload.get("statusCode"))
    return status is not None or isinstance(payload.get("detail"), str)


def _read(payload: Mapping[str, Any]) -> _Report:
    """Find the parts of an error in any envelope: nested, flat, or a choice's own."""
    nested = payload.get("error") or get_choice(payload).get("error")
    error = nested if isinstance(nested, dict) else {}
    metadata = get_object(error, "metadata")
    availability = get_object(error, "availability") or get_object(payload, "availability")
    message = _find_text(
        error.get("message"),
        payload.get("message"),
        nested,
        payload.get("detail"),
        payload.get("title"),
    )
    codes = [
        error.get("code"),
        payload.get("code"),
        payload.get("statusCode"),
        payload.get("status"),
    ]
    kind = " ".join(
        word
        for word in (error.get("type"), payload.get("type"), metadata.get("error_type"), *codes)
        if isinstance(word, str)
    )
    status = next((found for code in codes if (found := _to_status(code))), None)
    limit = error.get("n_ctx")
    return _Report(
        status=status or _guess_status(kind),
        message=_ECHO.split(message)[0],
        kind=kind,
        retry_after=_to_seconds(availability.get("retry_after")),
        limit=limit if isinstance(limit, int) else None,
        moderated=bool(metadata.keys() & {"patterns", "reasons", "flagged_input"}),
    )


def _build(
    report: _Report, *, status: int | None, retry_after: float | None, fault: type[ModelError]
) -> ModelError:
    """Make the error; an overflow first, as NIM answers one with status 500.

    NIM derives a negative `max_tokens` from a prompt that is too long, and fails on that.
    """
    words = f"{report.kind} {report.message}"
    summary = _summarize(report, status)
    if status == 413 or _OVERFLOW.search(words):
        return PromptTooLong(summary, status=status, limit=report.limit or _find_limit(words))
    kind = _classify(status, words, moderated=report.moderated, fault=fault)
    return kind(summary, status=status, retry_after=retry_after)


def _classify(
    status: int | None, words: str, *, moderated: bool, fault: type[ModelError]
) -> type[ModelError]:
    match status:
        case 401:
            return ModelUnauthorized
        case 402:
            return ModelOutOfCredit
        case 403:
            return _classify_forbidden(words, moderated=moderated)
        case 429 | 529:
            return ModelOutOfCredit if _NO_QUOTA.search(words) else ModelBusy
        case 301 | 302 | 303 | 307 | 308 | 404 | 405 | 410:
            return ModelGone
        case None | 408 | 409 | 425:
            return fault
        case _ if status >= 500:
            return fault
        case _ if moderated or _MODERATION.search(words):
            return ModelRefused
        case _ if _UNKNOWN_MODEL.search(words):
            return ModelGone
        case _:
            return ModelRejected


def _classify_forbidden(words: str, *, moderated: bool) -> type[ModelError]:
    """Tell the three 403s apart.

    AI/ML API says with it that the credits are used up ("Errors with status code 403"),
    OpenRouter that moderation declined or a key's limit is reached, anyone that the key may not.
    """
    if moderated or _MODERATION.search(words):
        return ModelRefused
    return ModelOutOfCredit if _BILLING.search(words) else ModelUnauthorized


def _summarize(report: _Report, status: int | None) -> str:
    """Say it in one short line, for the log."""
    message = " ".join(report.message.split())[:_LOGGED_CHARACTERS]
    return f"status {status}, {report.kind or 'no type'}: {message or 'no message'}"


def _find_limit(words: str) -> int | None:
    found = _LIMIT.search(words)
    if not found:
        return None
    return int((found["after"] or found["before"]).replace(",", ""))


def _guess_status(kind: str) -> int | None:
    return next((status for pattern, status in _STATUS_OF_KIND if pattern.search(kind)), None)


def _find_text(*candidates: Any) -> str:
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _to_status(code: Any) -> int | None:
    """Read an HTTP error status, which LiteLLM and AI/ML API write as a string."""
    try:
        status = int(code)
    except (TypeError, ValueError, OverflowError):
        return None
    return status if 400 <= status < 600 else None


def _to_seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
