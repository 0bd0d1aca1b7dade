"""Configuration: one typed object, read once; the only reader of the environment."""

import os
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from bot.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model on one OpenAI-compatible server."""

    base_url: str
    model: str
    api_key: SecretStr | None


class Settings(BaseSettings):
    """Everything an operator can set; `title` is shown in help and README."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True
    )

    slack_bot_token: SecretStr | None = Field(None, title="Bot token, `xoxb-…`")
    slack_app_token: SecretStr | None = Field(
        None, title="App-level token, `xapp-…`; when it is set, Socket Mode is used"
    )
    slack_signing_secret: SecretStr | None = Field(
        None, title="Signing secret, for HTTP mode when there is no app-level token"
    )
    slack_client_id: str | None = Field(
        None, title="Client id, to serve every workspace that installs the app; without a bot token"
    )
    slack_client_secret: SecretStr | None = Field(None, title="The client id's secret")
    slack_api_url: str = Field("https://slack.com/api/", title="Slack's Web API (GovSlack, …)")

    model_api_key: SecretStr | None = Field(None, title="Key of the model's server")
    model_base_url: str = Field(
        "https://api.aimlapi.com/v1", title="Any OpenAI-compatible server, up to `/v1`"
    )
    model_name: str = Field("nvidia/nemotron-nano-9b-v2", title="The model to ask")
    model_fallbacks: SecretStr | None = Field(
        None,
        title="Asked in this order when the model can't answer: comma-separated names on the same "
        "server, or `https://KEY@host/v1#name` for another",
    )

    database_url: SecretStr = Field(
        SecretStr("sqlite:///aloud.db"),
        title="Where memory lives: `sqlite:///path`, or for several processes "
        "`postgresql://user:password@host:port/name`",
    )
    host: str = Field("127.0.0.1", title="Address of the HTTP server")
    port: int = Field(3000, ge=0, le=65535, title="Port of the HTTP server")

    aloud_reasoning: Literal["thread", "ephemeral", "off"] = Field(
        "thread", title="Show reasoning posts in the `thread`, only to the person, or is `off`"
    )
    aloud_think: bool = Field(
        True, title="Whether the model reasons when a message has neither /think nor /no_think"
    )
    aloud_channel_files: Literal["summarize", "offer", "off"] = Field(
        "summarize", title="What happens to a file shared in a channel without a mention"
    )
    aloud_follow_ups: Literal["natural", "mentions"] = Field(
        "natural",
        title="Replies in a channel's thread: answered while one person and the bot talk alone "
        "(`natural`), or only with a mention (`mentions`)",
    )
    aloud_outsiders: bool = Field(
        True, title="Whether people of other organisations are answered in shared channels"
    )
    aloud_bots: str | None = Field(
        None, title="Bots whose mentions are answered: comma-separated ids, `B…`; else none is"
    )
    aloud_monthly_tokens: int | None = Field(
        None, ge=1, title="What a workspace may use in a month, prompts and answers together"
    )
    aloud_person_tokens: int | None = Field(None, ge=1, title="What each person may use in a month")
    aloud_context_tokens: int = Field(
        128_000, ge=4_096, title="The model's context, prompt and answer together, in tokens"
    )
    aloud_answer_tokens: int = Field(
        8_192, ge=256, title="Room for reasoning and answer together, in tokens"
    )
    aloud_model_calls: int = Field(4, ge=1, title="Model calls at the same time")
    aloud_model_seconds: float = Field(
        300, gt=0, title="Longest wait for an answer, retries included, in seconds"
    )
    aloud_turns: int = Field(16, ge=1, title="Turns at the same time")
    aloud_workspace_turns: int = Field(8, ge=1, title="Turns of one workspace at the same time")
    aloud_file_megabytes: int = Field(100, ge=1, le=1000, title="Largest file that is read")
    aloud_file_pages: int = Field(1_000, ge=1, title="Most pages that are read of one file")
    aloud_file_characters: int = Field(
        3_000_000, ge=1_000, title="Most characters that are read of one file"
    )
    aloud_ocr_pages: int = Field(
        50, ge=0, title="Most pages of one file that text recognition reads, where it is installed"
    )
    aloud_ocr_languages: str | None = Field(
        None,
        pattern=r"^[A-Za-z_]*(\+[A-Za-z_]+)*$",
        title="Languages of scans, such as eng+deu; all that are installed when not set",
    )
    aloud_part_tokens: int = Field(
        12_000,
        ge=1_000,
        title="A document of more than twice as much is read in parts of this size, in tokens",
    )
    aloud_summary_calls: int = Field(
        64, ge=1, title="Most model calls for one summary; what is left is read when asked for"
    )
    aloud_history_messages: int = Field(
        200, ge=2, title="Most messages of a thread that go to the model"
    )
    aloud_retention_days: int = Field(
        90, ge=1, title="Messages, traces and documents older than this are deleted"
    )
    aloud_lease_seconds: float = Field(
        15,
        ge=3,
        title="After so long without a sign of life, another process takes over a replica's turns",
    )
    aloud_busy_seconds: float = Field(
        600,
        gt=0,
        title="Longest wait for a turn; who would wait longer is told so at once",
    )
    aloud_delivery_seconds: float = Field(
        900,
        gt=0,
        title="When Slack could not be reached for so long, an apology is posted instead of the "
        "late answer",
    )
    aloud_grace_seconds: float = Field(
        20, ge=0, title="Time for running turns to finish after SIGTERM"
    )
    aloud_log_level: Literal["debug", "info", "warning", "error"] = Field("info", title="Log level")
    aloud_log_format: Literal["text", "json"] = Field("text", title="Log format")

    @field_validator("slack_bot_token")
    @classmethod
    def _check_bot_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_prefix(value, "xoxb-", "the Bot User OAuth Token (OAuth & Permissions page)")

    @field_validator("slack_app_token")
    @classmethod
    def _check_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _with_prefix(value, "xapp-", "an App-Level Token (Basic Information page)")

    @field_validator("slack_api_url", "model_base_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("must be a URL like https://host/path")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _end_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr) -> SecretStr:
        scheme, _, rest = value.get_secret_value().partition("://")
        is_sqlite = scheme == "sqlite" and rest.startswith("/") and len(rest) > 1
        if not is_sqlite and not (scheme in {"postgres", "postgresql"} and _has_host(rest)):
            raise ValueError(
                "must look like sqlite:///path/to/aloud.db or "
                "postgresql://user:password@host:port/name"
            )
        return value

    @field_validator("model_fallbacks")
    @classmethod
    def _check_fallbacks(cls, value: SecretStr | None) -> SecretStr | None:
        for item in _split_list(value):
            if "://" in item and not (urlsplit(item).hostname and urlsplit(item).fragment):
                raise ValueError("another server is written https://KEY@host/v1#model-name")
        return value

    @field_validator("aloud_bots")
    @classmethod
    def _check_bots(cls, value: str | None) -> str | None:
        if any(not one.strip().startswith("B") for one in (value or "").split(",") if one.strip()):
            raise ValueError("must be bot ids such as B0123ABCD, separated by commas")
        return value

    @model_validator(mode="after")
    def _check_answer_room(self) -> Self:
        if self.aloud_answer_tokens > self.aloud_context_tokens // 2:
            raise ValueError(
                "ALOUD_ANSWER_TOKENS must be at most half of ALOUD_CONTEXT_TOKENS, "
                "or no room is left for the question"
            )
        return self

    @property
    def answered_bots(self) -> frozenset[str]:
        """The ids of the bots whose mentions are answered."""
        return frozenset(one.strip() for one in (self.aloud_bots or "").split(",") if one.strip())

    @property
    def endpoints(self) -> list[Endpoint]:
        """The model to ask and its fallbacks, in order."""
        found = [Endpoint(self.model_base_url, self.model_name, self.model_api_key)]
        for item in _split_list(self.model_fallbacks):
            if "://" not in item:
                found.append(Endpoint(self.model_base_url, item, self.model_api_key))
                continue
            parts = urlsplit(item)
            host = parts.netloc.rpartition("@")[2]
            key = SecretStr(unquote(parts.username)) if parts.username else None
            base_url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
            found.append(Endpoint(base_url, parts.fragment, key))
        return found

    @property
    def serves_installations(self) -> bool:
        """Whether workspaces install us by themselves; a bot token says that we have but one."""
        return (
            self.slack_bot_token is None
            and self.slack_client_id is not None
            and self.slack_client_secret is not None
        )

    @property
    def has_model(self) -> bool:
        """Whether a model is configured: by a key, or as a server of one's own without one."""
        return self.model_api_key is not None or self.model_base_url.startswith("http://")


def load_settings(overrides: dict[str, str] | None = None) -> Settings:
    """Read `.env` and the environment, the environment winning, `overrides` winning over both.

    Raises:
        SettingsError: naming every unknown `ALOUD_*` key and every bad value, all at once.
    """
    overrides = overrides or {}
    known = {name.upper() for name in Settings.model_fields}
    written = {*os.environ, *DotEnvSettingsSource(Settings).env_vars, *overrides}  # noqa: TID251  # this is the one reader
    problems = [
        f"{name} is not a setting of Aloud; see the README for those that are."
        for name in sorted({key.upper() for key in written})
        if name.startswith("ALOUD_") and name not in known
    ]
    try:
        given = {key.lower(): value for key, value in overrides.items() if value}
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic parses the strings
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            name = str(problem["loc"][0]).upper() if problem["loc"] else ""
            told = problem["msg"].removeprefix("Value error, ")
            problems.append(f"{name}: {told}." if name else f"{told}.")
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def missing_for_run(settings: Settings) -> list[str]:
    """Say what `aloud run` still needs, one sentence each."""
    missing = []
    if settings.slack_bot_token is None and not settings.serves_installations:
        missing.append(_missing_bot_token(settings))
    if settings.slack_app_token is None and settings.slack_signing_secret is None:
        missing.append(
            "SLACK_APP_TOKEN is missing: create an App-Level Token (xapp-…) with the "
            "connections:write scope on the Basic Information page. Or set SLACK_SIGNING_SECRET "
            "to receive events over HTTP."
        )
    if not settings.has_model:
        missing.append(
            f"MODEL_API_KEY is missing: create a key for {settings.model_base_url} and set it."
        )
    return missing


def _missing_bot_token(settings: Settings) -> str:
    if settings.slack_client_id is not None:
        return (
            "SLACK_CLIENT_SECRET is missing: SLACK_CLIENT_ID needs it; copy the Client Secret from "
            "your Slack app's Basic Information page."
        )
    if settings.slack_client_secret is not None:
        return (
            "SLACK_CLIENT_ID is missing: SLACK_CLIENT_SECRET needs it; copy the Client ID from "
            "your Slack app's Basic Information page."
        )
    return (
        "SLACK_BOT_TOKEN is missing: copy the Bot User OAuth Token (xoxb-…) from your Slack "
        "app's OAuth & Permissions page. Or set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to serve "
        "every workspace that installs the app."
    )


def _with_prefix(value: SecretStr | None, prefix: str, what: str) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(prefix):
        raise ValueError(f"must start with {prefix}: copy {what} of your Slack app")
    return value


def _has_host(address: str) -> bool:
    try:
        parts = urlsplit(f"//{address}")
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _split_list(value: SecretStr | None) -> list[str]:
    if value is None:
        return []
    return [item.strip() for item in value.get_secret_value().split(",") if item.strip()]
