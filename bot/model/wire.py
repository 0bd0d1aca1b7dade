"""The chat-completions wire: prompts to request bodies, payloads to deltas. Pure.

Request fields are those of AI/ML API's schema for nemotron-nano-9b-v2 (aimlapi/api-docs,
NVIDIA/nemotron-nano-9b-v2.json) that change the answer; every other server takes them, too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.conversation.messages import Prompt, Usage
from bot.errors import ModelInterrupted
from bot.model.failures import find_failure
from bot.model.payload import get_choice, get_object, get_objects, get_text
from bot.model.sanitize import mend_surrogates, sanitize
from bot.model.sse import Event

DONE = "[DONE]"

_MOST_TOKENS: Final = 10_000_000
"""Ours: no call takes more, whatever a server says."""

Finish = Literal["stop", "length", "refused"]

# Words that gateways pass through from other dialects; all others mean that the model was done.
_FINISHES: Mapping[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "content_filter": "refused",
}
# OpenRouter's word for an upstream that failed half-way; vLLM's for a request it dropped.
_BROKEN_FINISHES = frozenset({"error", "abort"})


@dataclass(frozen=True, slots=True)
class Delta:
    """What one payload adds; all empty for a payload that carries nothing of the answer."""

    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: Finish | None = None
    usage: Usage | None = None


def encode(prompt: Prompt, model: str) -> dict[str, Any]:
    """Return the request body: plain strings only, one system message, the question last.

    The template drops later system messages and calls `.replace()` on content, and a last message
    of the assistant would continue the trace (nemotron-nano-9b-v2 chat template). Every text is
    sanitized; then the reasoning flag goes into the system message, where the model card puts it,
    and into the last one, because the last flag wins. Sampling is the card's: 0.6 and 0.95 with
    reasoning, greedy without.

    Raises:
        ValueError: The prompt does not end with a user message.
    """
    *history, question = [message for message in prompt.messages if message.role != "system"]
    if question.role != "user":
        raise ValueError("a prompt ends with a user message")
    rules = [message for message in prompt.messages if message.role == "system"]
    flag = "/think" if prompt.reasoning else "/no_think"
    system = "\n\n".join(sanitize(message.text) for message in rules)
    sampling = {"temperature": 0.6, "top_p": 0.95} if prompt.reasoning else {"temperature": 0.0}
    return {
        "model": model,
        "messages": [
            {"role": "system", "content": f"{system}\n\n{flag}"},
            *({"role": message.role, "content": sanitize(message.text)} for message in history),
            {"role": "user", "content": f"{sanitize(question.text)}\n\n{flag}"},
        ],
        "max_tokens": prompt.answer_tokens,
        **sampling,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def decode(event: Event) -> Delta:
    """Return what an event of a stream, or the body of a whole reply, adds to the answer.

    A reply's `message` reads like a stream's `delta`. Text that is no JSON object is noise unless
    it begins like one, for then a piece of the answer is lost.

    Raises:
        ModelError: The payload is or holds an error, in any dialect; see `find_failure`.
        ModelInterrupted: The payload is damaged, or its finish reason says the stream broke.
    """
    try:
        payload = json.loads(event.data)
    except ValueError as error:
        if event.failed or event.data.lstrip().startswith("{"):
            raise ModelInterrupted("a payload of the stream is not JSON") from error
        return Delta()
    if event.failed and not (isinstance(payload, dict) and payload.get("error")):
        payload = {"error": payload or "unknown"}
    if not isinstance(payload, dict):
        return Delta()
    failure = find_failure(payload)
    if failure:
        raise failure
    choice = get_choice(payload)
    # A last chunk may repeat the whole message beside an empty delta.
    part = get_object(choice, "delta" if "delta" in choice else "message")
    return Delta(
        content=mend_surrogates(get_text(part, "content")),
        reasoning=mend_surrogates(_get_trace(part)),
        refusal=get_text(part, "refusal"),
        finish=_read_finish(choice.get("finish_reason")),
        usage=_read_usage(payload.get("usage")),
    )


def _get_trace(part: Mapping[str, Any]) -> str:
    """Return the trace from the first field that has any of it; fields are never added up.

    `reasoning` is OpenRouter's, vLLM's and Ollama's word; `reasoning_content` is NIM's,
    DeepInfra's, llama.cpp's, LiteLLM's and older vLLM's. OpenRouter repeats the trace in
    `reasoning_details`; `thinking` is what Ollama calls it elsewhere.
    """
    details = "".join(
        get_text(detail, "text") or get_text(detail, "summary")
        for detail in get_objects(part, "reasoning_details")
    )
    return (
        get_text(part, "reasoning")
        or get_text(part, "reasoning_content")
        or details
        or get_text(part, "thinking")
    )


def _read_finish(reason: Any) -> Finish | None:
    if not isinstance(reason, str) or not reason:
        return None
    if reason in _BROKEN_FINISHES:
        raise ModelInterrupted(f"the server ended the stream with finish reason {reason}")
    return _FINISHES.get(reason, "stop")


def _read_usage(usage: Any) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    return Usage(
        prompt=_read_count(usage.get("prompt_tokens")),
        completion=_read_count(usage.get("completion_tokens")),
    )


def _read_count(count: Any) -> int:
    """Read a number of tokens; budgets count with it, and databases have only so many digits."""
    return min(max(count, 0), _MOST_TOKENS) if isinstance(count, int) else 0
