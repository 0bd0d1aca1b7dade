import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.sse import Event, SseDecoder


def decode(*blocks: bytes) -> list[Event]:
    decoder = SseDecoder()
    events = [event for block in blocks for event in decoder.feed(block)]
    return events + decoder.flush()


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        pytest.param(b"data: a\n\ndata: b\n\n", ["a", "b"], id="LF"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"], id="CR LF"),
        pytest.param(b"data: a\r\rdata: b\r\r", ["a", "b"], id="CR"),
        pytest.param(b"data: a\r\n\ndata: b\n\r\n", ["a", "b"], id="mixed ends"),
        pytest.param(b"data:a\n\ndata:  b\n\n", ["a", " b"], id="one leading space goes"),
        pytest.param(b": OPENROUTER PROCESSING\n\n: ping\n\ndata: a\n\n", ["a"], id="comments"),
        pytest.param(b"data:\n\ndata: \n\ndata\n\ndata: a\n\n", ["a"], id="empty data"),
        pytest.param(b"event: message\nid: 7\nretry: 9\ndata: a\n\n", ["a"], id="other fields"),
        pytest.param(b"data: a\ndata: b\n\n", ["a\nb"], id="several lines"),
        pytest.param(b"data: a\n\ndata: [DONE]", ["a", "[DONE]"], id="no final blank line"),
        pytest.param(b"data: a\n\ndata: [DONE]\n", ["a", "[DONE]"], id="one final line end"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", ["a"], id="byte order mark"),
        pytest.param(b"\n\n\r\r", [], id="blank lines only"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_framing(raw: bytes, data: list[str]) -> None:
    assert decode(raw) == [Event(text) for text in data]


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        pytest.param(
            b'error: {"code":500}\n\n', [Event('{"code":500}', failed=True)], id="llama.cpp"
        ),
        pytest.param(
            b'data: a\n{"error":{"message":"x"}}\n',
            [Event("a"), Event('{"error":{"message":"x"}}')],
            id="bare JSON",
        ),
        pytest.param(
            b"event: error\ndata: {}\n\ndata: a\n\n",
            [Event("{}", failed=True), Event("a")],
            id="event: error",
        ),
    ],
)
def test_errors_outside_the_standard_are_seen(raw: bytes, events: list[Event]) -> None:
    assert decode(raw) == events


_TEXT = "a\u2028b\u2029c\u0085d\x0b\x0c\x1ce 日本語 😀\ufeff"
_STREAM = (
    ": ping\r\n\r\n"
    f"data: {json.dumps({'text': _TEXT}, ensure_ascii=False)}\r\n\r\n"
    "data: two\ndata: lines\r\r"
    'error: {"code":500}\n\n'
    '{"error":"x"}\n'
    "data: [DONE]"
).encode()


def test_line_separators_of_unicode_do_not_split_a_payload() -> None:
    assert json.loads(decode(_STREAM)[0].data) == {"text": _TEXT}


def test_every_cut_gives_the_same_events() -> None:
    whole = decode(_STREAM)
    assert len(whole) == 5
    for cut in range(len(_STREAM) + 1):
        assert decode(_STREAM[:cut], _STREAM[cut:]) == whole
    assert decode(*(bytes([byte]) for byte in _STREAM)) == whole


_lines = st.sampled_from(
    [b"data: a", b"data: \xe6\x97\xa5", b": c", b"", b"data:", b"error: e", b'{"a":1}', b"event: x"]
)
_ends = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(
    st.lists(st.tuples(_lines, _ends).map(b"".join)).map(b"".join),
    st.lists(st.integers(0, 80)),
)
def test_framing_does_not_depend_on_the_cuts(raw: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    blocks = [raw[start:end] for start, end in pairwise(edges)]
    assert decode(*blocks) == decode(raw)


@given(st.lists(st.binary()))
def test_any_bytes_can_be_fed(blocks: list[bytes]) -> None:
    decode(*blocks)


def test_an_event_is_out_as_soon_as_its_last_line_ends() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [Event("a")]
    assert decoder.feed(b"\ndata: b\n\n") == [Event("b")]
