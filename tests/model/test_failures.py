import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ModelError, ModelRejected, PromptTooLong
from bot.model.failures import classify_reply, find_failure, read_wait
from tests.model.bodies import IN_STREAM, OVERFLOWS, REPLIES, openai

NOW = datetime(2026, 8, 30, 10, 0, 0, tzinfo=UTC)


def classify(status: int, payload: Any, **headers: str) -> ModelError:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify_reply(status, named, body, now=NOW)


@pytest.mark.parametrize(("status", "payload", "kind"), REPLIES)
def test_replies_of_every_server(status: int, payload: Any, kind: type[ModelError]) -> None:
    error = classify(status, payload)
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(("status", "payload", "limit"), OVERFLOWS)
def test_an_overflow_is_known_whatever_the_status_and_tells_its_limit(
    status: int, payload: Any, limit: int | None
) -> None:
    error = classify(status, payload)
    assert isinstance(error, PromptTooLong)
    assert error.limit == limit
    assert error.status == status


@pytest.mark.parametrize(("payload", "kind"), IN_STREAM)
def test_errors_inside_a_stream(payload: Any, kind: type[ModelError]) -> None:
    assert type(find_failure(payload)) is kind


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"error": None, "choices": [{"delta": {"content": "x"}, "error": None}]},
        {"choices": [], "usage": {}},
        {"status": "ok"},
        {"object": "chat.completion.chunk", "choices": [{}], "detail": "x", "status": 500},
    ],
)
def test_what_is_no_error_inside_a_stream(payload: Any) -> None:
    assert find_failure(payload) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Sun, 30 Aug 2026 10:00:30 GMT"}, 30.0),
        ({"retry-after": "Sun, 30 Aug 2026 10:00:30 -0000"}, 30.0),
        ({"retry-after": "Sun, 30 Aug 2026 09:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_headers_ask_for(headers: dict[str, str], seconds: float | None) -> None:
    assert read_wait(headers, now=NOW) == seconds


@given(st.text())
def test_any_header_is_read(value: str) -> None:
    wait = read_wait({"retry-after": value}, now=NOW)
    assert wait is None or wait >= 0


def test_the_wait_is_read_from_the_body_too_but_the_header_counts() -> None:
    body = {"error": {"message": "x", "availability": {"retry_after": 12, "retryable": True}}}
    assert classify(503, body).retry_after == 12
    assert classify(503, body, retry_after="3").retry_after == 3
    found = find_failure(body)
    assert found
    assert found.retry_after == 12


def test_the_text_for_the_log_is_short_and_without_the_request() -> None:
    message = "1 validation error:\n {'type': 'missing', 'input': {'messages': 'private'}}"
    assert "private" not in str(classify(400, openai(message)))
    assert "validation error: {'type': 'missing'" in str(classify(400, openai(message)))
    assert len(str(classify(400, openai("x" * 9999)))) < 300


def test_a_request_that_is_repeated_does_not_decide_the_class() -> None:
    message = "[{'type': 'missing', 'input': 'what is the maximum context length?'}]"
    assert type(classify(400, openai(message))) is ModelRejected


_KEYS = [
    *("error", "message", "code", "type", "status", "statusCode", "detail", "title"),
    *("choices", "metadata", "availability", "retry_after", "n_ctx", "object"),
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["error", "choices", "code", "status"]), _json), _json)
def test_any_envelope_is_read(payload: dict[str, Any], body: Any) -> None:
    find_failure(payload)
    assert isinstance(classify(500, body), ModelError)
