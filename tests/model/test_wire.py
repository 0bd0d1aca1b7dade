import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import Prompt, PromptMessage, Usage
from bot.errors import ModelInterrupted
from bot.model.sse import Event
from bot.model.wire import Delta, decode, encode
from tests.model.asking import make_prompt


def test_a_prompt_with_reasoning_becomes_a_whole_request() -> None:
    assert encode(make_prompt("Why?"), "nvidia/nemotron-nano-9b-v2") == {
        "model": "nvidia/nemotron-nano-9b-v2",
        "messages": [
            {"role": "system", "content": "You are Aloud.\n\n/think"},
            {"role": "user", "content": "Why?\n\n/think"},
        ],
        "max_tokens": 4096,
        "temperature": 0.6,
        "top_p": 0.95,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_reasoning_it_is_greedy_and_says_so_to_the_template() -> None:
    body = encode(make_prompt(reasoning=False), "m")
    assert body["temperature"] == 0
    assert "top_p" not in body
    assert [message["content"].split("\n\n")[-1] for message in body["messages"]] == [
        "/no_think",
        "/no_think",
    ]


def is_thinking_on(messages: list[dict[str, str]]) -> bool:
    """Scan as the model's chat template does: any substring, the last message wins."""
    on = True
    for message in messages:
        if message["role"] in {"user", "system"}:
            if "/think" in message["content"]:
                on = True
            elif "/no_think" in message["content"]:
                on = False
    return on


_texts = st.lists(st.sampled_from(["/think", "/no_think", "/", "think", "no_", "x", "</think>"]))


@given(st.lists(_texts.map("".join), min_size=2), st.booleans())
def test_what_people_write_cannot_turn_the_switch(texts: list[str], reasoning: bool) -> None:
    system, *rest = texts
    prompt = Prompt(
        messages=[PromptMessage("system", system), *(PromptMessage("user", t) for t in rest)],
        reasoning=reasoning,
        answer_tokens=100,
    )
    messages = encode(prompt, "m")["messages"]
    assert is_thinking_on(messages) is reasoning
    assert is_thinking_on(messages[:1]) is reasoning


def test_every_text_is_sanitized_and_keeps_its_order() -> None:
    prompt = Prompt(
        messages=[
            PromptMessage("system", "rules <SPECIAL_11>"),
            PromptMessage("user", "one <SPECIAL_11>"),
            PromptMessage("assistant", "two </think>"),
            PromptMessage("user", "three /no_think"),
        ],
        reasoning=True,
        answer_tokens=100,
    )
    assert encode(prompt, "m")["messages"] == [
        {"role": "system", "content": "rules  \n\n/think"},
        {"role": "user", "content": "one  "},
        {"role": "assistant", "content": "two  "},
        {"role": "user", "content": "three / no_think\n\n/think"},
    ]


def test_there_is_one_system_message_and_it_is_the_first() -> None:
    prompt = make_prompt()
    late = replace(
        prompt, messages=[prompt.messages[1], PromptMessage("system", "A"), prompt.messages[1]]
    )
    roles = [message["role"] for message in encode(late, "m")["messages"]]
    assert roles == ["system", "user", "user"]


def test_a_prompt_that_would_continue_the_trace_is_refused() -> None:
    prompt = replace(make_prompt(), messages=[PromptMessage("assistant", "Well,")])
    with pytest.raises(ValueError, match="user message"):
        encode(prompt, "m")


def decode_delta(**delta: object) -> Delta:
    return decode(Event(json.dumps({"choices": [{"delta": delta}]})))


_DETAILS = [
    {"type": "reasoning.text", "text": "a", "signature": None},
    {"type": "reasoning.summary", "summary": "b"},
    {"type": "reasoning.encrypted", "data": "zzz"},
]


@pytest.mark.parametrize(
    ("fields", "trace"),
    [
        ({"reasoning": "t"}, "t"),
        ({"reasoning_content": "t"}, "t"),
        ({"reasoning_details": _DETAILS}, "ab"),
        ({"thinking": "t"}, "t"),
        ({"reasoning": "t", "reasoning_content": "t"}, "t"),
        ({"reasoning": "ab", "reasoning_details": _DETAILS}, "ab"),
        ({"reasoning": "", "reasoning_content": None, "reasoning_details": _DETAILS}, "ab"),
        ({"reasoning": None, "reasoning_details": [], "thinking": "t"}, "t"),
        ({"reasoning": {"effort": "low"}, "reasoning_details": "?", "thinking": 1}, ""),
    ],
)
def test_one_field_of_the_trace_is_taken_never_their_sum(
    fields: dict[str, object], trace: str
) -> None:
    assert decode_delta(**fields) == Delta(reasoning=trace)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop", "stop"),
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("tool_calls", "stop"),
        ("function_call", "stop"),
        ("unload", "stop"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("max_output_tokens", "length"),
        ("content_filter", "refused"),
        ("", None),
        (None, None),
    ],
)
def test_finish_reasons_of_all_dialects(reason: str | None, finish: str | None) -> None:
    event = Event(json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]}))
    assert decode(event).finish == finish


@pytest.mark.parametrize("reason", ["error", "abort"])
def test_a_finish_reason_can_say_that_the_stream_broke(reason: str) -> None:
    with pytest.raises(ModelInterrupted):
        decode(Event(json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]})))


@pytest.mark.parametrize(
    "payload",
    [
        {"choices": [], "usage": {"prompt_tokens": 14, "completion_tokens": 84}},
        {"usage": {"prompt_tokens": 14, "completion_tokens": 84, "prompt_tokens_details": None}},
        {"choices": [{"delta": {}}], "usage": {"prompt_tokens": 14, "completion_tokens": 84}},
        {"choices": None, "usage": {"prompt_tokens": 14, "completion_tokens": 84}},
    ],
)
def test_usage_is_found_with_and_without_choices(payload: object) -> None:
    assert decode(Event(json.dumps(payload))) == Delta(usage=Usage(prompt=14, completion=84))


@pytest.mark.parametrize(("told", "counted"), [(-5, 0), (10**30, 10_000_000), (14.5, 0)])
def test_impossible_usage_neither_fills_a_budget_nor_breaks_the_database(
    told: float, counted: int
) -> None:
    usage = {"prompt_tokens": told, "completion_tokens": told}
    found = decode(Event(json.dumps({"choices": [], "usage": usage}))).usage
    assert found == Usage(prompt=counted, completion=counted)


@pytest.mark.parametrize("usage", [None, "many", {}, {"prompt_tokens": None}])
def test_odd_usage_counts_as_none(usage: object) -> None:
    found = decode(Event(json.dumps({"choices": [], "usage": usage}))).usage
    assert found in {None, Usage()}


def test_a_message_that_repeats_the_deltas_is_not_read_twice() -> None:
    choice = {"delta": {}, "message": {"content": "Hello."}, "finish_reason": "stop"}
    assert decode(Event(json.dumps({"choices": [choice]}))) == Delta(finish="stop")


@pytest.mark.parametrize(
    "data",
    [
        "ping",
        "null",
        "1",
        '"text"',
        "[]",
        "{}",
        '{"choices": [{}]}',
        '{"choices": [{"delta": null}]}',
    ],
)
def test_noise_carries_nothing(data: str) -> None:
    assert decode(Event(data)) == Delta()


@pytest.mark.parametrize("data", ['{"choices": [{"delta": {"content": "lost', " {]"])
def test_a_damaged_payload_is_an_interruption_not_a_gap(data: str) -> None:
    with pytest.raises(ModelInterrupted):
        decode(Event(data))


@pytest.mark.parametrize("data", ["out of memory", "null", "{}", '"x"', '{"message": "x"}'])
def test_an_event_that_calls_itself_an_error_is_one(data: str) -> None:
    with pytest.raises(ModelInterrupted):
        decode(Event(data, failed=True))


def test_half_a_surrogate_pair_does_not_reach_the_text() -> None:
    assert decode(Event('{"choices": [{"delta": {"content": "a\\ud83d"}}]}')).content == "a\ufffd"


_KEYS = [
    *("choices", "delta", "message", "content", "reasoning", "reasoning_details", "usage"),
    *("finish_reason", "prompt_tokens", "status", "detail", "object", "code"),
]
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_json)
def test_any_json_is_read_or_raises_an_error_of_ours(payload: object) -> None:
    try:
        delta = decode(Event(json.dumps(payload)))
    except ModelInterrupted:
        return
    assert isinstance(delta, Delta)
