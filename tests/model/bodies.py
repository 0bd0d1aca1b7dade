"""Errors as model servers send them, and what each one stands for."""

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


def openai(message: str, code: Any = None, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, **fields}}


def problem(status: int, message: str) -> dict[str, Any]:
    """AI/ML API's envelope as probed in August 2026."""
    return {
        "title": "Unauthorized",
        "status": status,
        "message": message,
        "instance": "/v1/chat/completions",
        "requestId": "u-1",
        "timestamp": "2026-08-30T10:00:00Z",
        "error": {"name": "UnauthorizedException", "message": message},
    }


def flat(status: int, message: str) -> dict[str, Any]:
    """AI/ML API's envelope as documented: the status is a string."""
    return {"message": message, "path": "/v1/chat/completions", "statusCode": str(status)}


REPLIES: list[tuple[int, Any, type[ModelError]]] = [
    # AI/ML API
    (400, flat(400, "Body validation error: Invalid enum value. Expected …"), ModelRejected),
    (400, flat(400, "Unsupported value: 'messages[0].role' …"), ModelRejected),
    (401, problem(401, "This request requires a valid API key."), ModelUnauthorized),
    (403, flat(403, "You've run out of credits. Please top up."), ModelOutOfCredit),
    (404, {}, ModelGone),
    (429, flat(429, "Too Many Requests"), ModelBusy),
    (429, flat(429, "Free-tier limit: 10 requests per hour"), ModelBusy),
    (500, flat(500, "Internal server error"), ModelUnreachable),
    (500, flat(500, "The model is under maintenance"), ModelUnreachable),
    (502, "<html><body>Bad Gateway</body></html>", ModelUnreachable),
    (503, flat(503, "Service unavailable"), ModelUnreachable),
    (504, flat(504, "Generation timeout"), ModelUnreachable),
    # OpenRouter
    (429, openai("Rate limited", 429, metadata={"error_type": "rate_limit_exceeded"}), ModelBusy),
    (402, openai("Insufficient credits", 402), ModelOutOfCredit),
    (403, openai("Key limit exceeded", 403), ModelOutOfCredit),
    (403, openai("Input declined", 403, metadata={"reasons": ["x"]}), ModelRefused),
    (403, openai("Blocked", 403, metadata={"patterns": ["x"]}), ModelRefused),
    (403, openai("Your input was flagged", 403), ModelRefused),
    (403, openai("This key may not do that", 403), ModelUnauthorized),
    (400, openai("x", "context_length_exceeded"), PromptTooLong),
    (400, openai("x", "content_policy_violation"), ModelRefused),
    (400, openai("foo is not a valid model ID", 400), ModelGone),
    (404, openai("No endpoints found for nvidia/nemotron-nano-9b-v2.", 404), ModelGone),
    (408, openai("timeout", 408), ModelUnreachable),
    (412, openai("precondition", 412), ModelRejected),
    (413, "<html>413 Request Entity Too Large</html>", PromptTooLong),
    (422, openai("unprocessable", 422), ModelRejected),
    # OpenAI and vLLM
    (401, openai("Incorrect API key provided", "invalid_api_key"), ModelUnauthorized),
    (429, openai("You exceeded your quota", "insufficient_quota"), ModelOutOfCredit),
    (400, openai("bad", 400, type="BadRequestError", param="input_tokens"), ModelRejected),
    (404, openai("The model `x` does not exist.", 404, type="NotFoundError"), ModelGone),
    (400, {"object": "error", "message": "The model `x` does not exist.", "code": 400}, ModelGone),
    # NIM
    (429, {"status": 429, "title": "Too Many Requests"}, ModelBusy),
    (410, {"status": 410, "title": "Gone", "detail": "Model removed"}, ModelGone),
    # DeepInfra
    (429, {"error": {"message": "Model busy, retry later"}}, ModelBusy),
    # llama.cpp
    (401, openai("Invalid API Key", 401, type="authentication_error"), ModelUnauthorized),
    (503, openai("Loading model", 503, type="unavailable_error"), ModelUnreachable),
    # Ollama
    (404, openai("model 'x' not found", type="not_found_error", param=None), ModelGone),
    (400, openai("bad", type="invalid_request_error", param=None), ModelRejected),
    (500, {"error": "llama runner process has terminated"}, ModelUnreachable),
    # LiteLLM
    (
        429,
        openai(
            "litellm.RateLimitError: RateLimitError: OpenAIException - …",
            "429",
            type="throttling_error",
        ),
        ModelBusy,
    ),
    (400, openai("litellm.ContextWindowExceededError: …", "400"), PromptTooLong),
    # Anyone
    (307, "", ModelGone),
    (409, "", ModelUnreachable),
    (418, "", ModelRejected),
    (500, "[1]", ModelUnreachable),
    (529, openai("Overloaded"), ModelBusy),
]


OVERFLOWS: list[tuple[int, Any, int | None]] = [
    (
        400,
        openai(
            "This model's maximum context length is 131072 tokens. However, you requested 4096"
            " output tokens and your prompt contains at least 130000 input tokens",
            400,
            type="BadRequestError",
        ),
        131072,
    ),
    (
        400,
        openai(
            "request (9412 tokens) exceeds the available context size (8192 tokens), try …",
            400,
            type="exceed_context_size_error",
            n_prompt_tokens=9412,
            n_ctx=8192,
        ),
        8192,
    ),
    (
        400,
        {
            "object": "error",
            "message": "Input length 12007 exceeds maximum allowed token size 8192",
        },
        8192,
    ),
    (400, openai("the prompt is longer than the context length currently available"), None),
    (400, openai("prompt is too long: 210000 tokens > 200,000 maximum"), 200000),
    (400, openai("maximum prompt length is 131,072"), 131072),
    (500, {"error": {"message": "max_tokens must be at least 1, got -1507"}}, None),
    (500, {"detail": "Input length exceeds the limit"}, None),
    (422, {"title": "This endpoint's maximum context length is 128000 tokens."}, 128000),
]


IN_STREAM: list[tuple[Any, type[ModelError]]] = [
    ({"error": {"message": "Provider disconnected", "code": 502}}, ModelInterrupted),
    ({"error": {"code": "server_error", "message": "x"}, "choices": [{}]}, ModelInterrupted),
    ({"error": {"message": "x", "type": "rate_limit_exceeded"}}, ModelBusy),
    ({"error": {"message": "x", "type": "authentication_error"}}, ModelUnauthorized),
    ({"error": {"message": "x", "type": "invalid_request_error", "code": None}}, ModelRejected),
    ({"error": {"message": "x", "type": "not_found_error", "code": None}}, ModelGone),
    ({"error": {"message": "x", "code": "insufficient_quota"}}, ModelOutOfCredit),
    ({"error": {"message": "x", "code": "429"}}, ModelBusy),
    ({"error": "model runner has unexpectedly stopped"}, ModelInterrupted),
    ({"object": "error", "message": "bad", "code": 400}, ModelRejected),
    ({"object": "error", "message": "maximum context length is 9", "code": 400}, PromptTooLong),
    ({"choices": [{"error": {"code": 502, "message": "x"}}]}, ModelInterrupted),
    ({"choices": [{"error": {"code": 429, "message": "x"}}]}, ModelBusy),
    ({"status": 429, "title": "Too Many Requests"}, ModelBusy),
    ({"statusCode": "429", "message": "Too Many Requests"}, ModelBusy),
    ({"detail": "Internal error"}, ModelInterrupted),
]
