import pytest

from bot.conversation.addressing import Directives, find_silence, take_directives


@pytest.mark.parametrize(
    ("text", "left", "reasoning"),
    [
        ("hello", "hello", None),
        ("/think why is the sky blue?", "why is the sky blue?", True),
        ("why is the sky blue? /no_think", "why is the sky blue?", False),
        ("tell me what /think does", "tell me what /think does", None),
        ("```\n/think\n```", "```\n/think\n```", None),
        ("why?\n/no_think", "why?", False),
        ("/think and then /no_think", "and then", False),
        ("/no_think /think well", "well", True),
        ("/THINK hard", "hard", True),
        ("https://example.com/think stays", "https://example.com/think stays", None),
        ("/thinking stays", "/thinking stays", None),
        ("/think", "", True),
    ],
)
def test_directives_are_taken_out_of_the_text(text: str, left: str, reasoning: bool | None) -> None:
    assert take_directives(text) == (left, Directives(reasoning=reasoning))


def silence(
    *,
    thread_is_ours: bool = True,
    natural: bool = True,
    earlier: set[str] | None = None,
    author: str = "U1",
    names_others: bool = False,
) -> str | None:
    return find_silence(
        thread_is_ours=thread_is_ours,
        natural=natural,
        earlier_authors={"U1"} if earlier is None else earlier,
        author=author,
        names_others=names_others,
    )


def test_one_person_alone_with_the_bot_is_answered_without_a_mention() -> None:
    assert silence() is None


def test_it_does_not_butt_in() -> None:
    assert silence(thread_is_ours=False) == "not_our_thread"
    assert silence(natural=False) == "mentions_only"
    assert silence(earlier={"U1", "U2"}) == "others_have_joined"
    assert silence(author="U2") == "others_have_joined"
    assert silence(names_others=True) == "turned_to_somebody_else"
