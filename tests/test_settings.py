from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, load_settings, missing_for_run


def test_defaults_are_those_of_the_contract() -> None:
    settings = load_settings()

    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.model_base_url == "https://api.aimlapi.com/v1"
    assert settings.model_name == "nvidia/nemotron-nano-9b-v2"
    assert settings.database_url.get_secret_value() == "sqlite:///aloud.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.aloud_reasoning == "thread"
    assert settings.aloud_channel_files == "summarize"


def test_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=4000\nHOST=0.0.0.0\n")
    monkeypatch.setenv("PORT", "5000")

    settings = load_settings()

    assert settings.port == 5000
    assert settings.host == "0.0.0.0"  # noqa: S104  # a value to read, nothing listens


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("ALOUD_COLOUR=red\n")
    monkeypatch.setenv("ALOUD_THNIK", "yes")
    monkeypatch.setenv("PORT", "seventy")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxp-not-a-bot")
    monkeypatch.setenv("DATABASE_URL", "mysql://x")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    problems = "\n".join(caught.value.problems)
    for name in ("ALOUD_COLOUR", "ALOUD_THNIK", "PORT", "SLACK_BOT_TOKEN", "DATABASE_URL"):
        assert name in problems
    assert "not-a-bot" not in problems


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "")

    assert load_settings().slack_bot_token is None


def test_secrets_never_show_in_the_representation() -> None:
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-geheim",
            "MODEL_FALLBACKS": "https://geheim@host/v1#m",
            "DATABASE_URL": "postgresql://u:geheim@host/x",
        }
    )

    assert "geheim" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///aloud.db",
        "sqlite:////data/aloud.db",
        "postgresql://aloud@db.example/aloud",
        "postgres://aloud:p%40ss@[::1]:5433/aloud?sslmode=require",
    ],
)
def test_the_database_is_a_file_or_a_postgresql_server(url: str) -> None:
    assert load_settings({"DATABASE_URL": url}).database_url.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///",
        "sqlite://aloud.db",
        "aloud.db",
        "mysql://u:geheim@host/x",
        "postgresql://u:geheim@/x",
        "postgresql://u:geheim@host:port/x",
        "postgresql+asyncpg://u:geheim@host/x",
    ],
)
def test_any_other_database_is_refused_without_saying_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"DATABASE_URL": url})

    [told] = caught.value.problems
    assert told.startswith("DATABASE_URL: must look like sqlite:///path/to/aloud.db or postgresql:")
    assert "geheim" not in told


def test_fallbacks_follow_the_model_with_their_own_server_and_key() -> None:
    settings = load_settings(
        {
            "MODEL_API_KEY": "first",
            "MODEL_FALLBACKS": "other-model, https://a%2Fkey@host.example/v1#third,"
            "http://127.0.0.1:11434/v1#local",
        }
    )

    endpoints = [
        (one.base_url, one.model, one.api_key.get_secret_value() if one.api_key else None)
        for one in settings.endpoints
    ]

    assert endpoints == [
        ("https://api.aimlapi.com/v1", "nvidia/nemotron-nano-9b-v2", "first"),
        ("https://api.aimlapi.com/v1", "other-model", "first"),
        ("https://host.example/v1", "third", "a/key"),
        ("http://127.0.0.1:11434/v1", "local", None),
    ]


def test_a_fallback_server_without_a_model_is_refused() -> None:
    with pytest.raises(SettingsError, match="MODEL_FALLBACKS"):
        load_settings({"MODEL_FALLBACKS": "https://host.example/v1"})


def test_run_names_what_it_needs() -> None:
    missing = missing_for_run(load_settings())

    assert [one.split()[0] for one in missing] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "MODEL_API_KEY",
    ]


def test_run_needs_no_key_for_a_local_model_and_no_app_token_for_http() -> None:
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "s",
            "MODEL_BASE_URL": "http://127.0.0.1:8000/v1",
        }
    )

    assert missing_for_run(settings) == []


PAIR = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s"}


def test_the_client_pair_stands_in_for_a_bot_token() -> None:
    rest = {"SLACK_APP_TOKEN": "xapp-1", "MODEL_API_KEY": "k"}
    several, one = (
        load_settings({**rest, **PAIR}),
        load_settings({**rest, **PAIR, "SLACK_BOT_TOKEN": "xoxb-1"}),
    )

    assert (several.serves_installations, one.serves_installations) == (True, False)
    assert missing_for_run(several) == missing_for_run(one) == []


@pytest.mark.parametrize(("set_one", "missing_one"), [tuple(PAIR), tuple(PAIR)[::-1]])
def test_half_of_the_client_pair_is_named(set_one: str, missing_one: str) -> None:
    settings = load_settings({set_one: PAIR[set_one]})

    assert not settings.serves_installations
    assert missing_for_run(settings)[0].startswith(f"{missing_one} is missing")


def test_every_setting_has_a_title() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.title] == []
