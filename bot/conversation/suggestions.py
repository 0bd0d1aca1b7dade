"""What a person could ask next, to be offered at a click. Pure."""

from dataclasses import dataclass
from typing import Final

from bot.conversation.names import clean_name
from bot.language import Language, mark

MOST_SUGGESTIONS: Final = 4
"""Documented (assistant.threads.setSuggestedPrompts): prompts that are shown at a time."""

CATCH_UP: Final = mark("Catch me up on this channel")
"""The words of the suggestion for somebody who looks at a channel; `find_catch_up` knows them."""

_NAME_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to ask.

    Attributes:
        title: What the button says.
        message: What is said in the person's name when they press it.
    """

    title: str
    message: str


def suggest_on_document(name: str, language: Language, *, link: str = "") -> list[Suggestion]:
    """Suggest questions that make sense for any document.

    Args:
        name: The document's name, as its owner called it.
        language: The person's.
        link: Where the document was shared, if the question will be asked somewhere else; it stands
            in the message, since we open what a message links to.
    """
    short = _shorten(clean_name(name, language.say("the file")))
    asked = [
        (
            language.say("Key points of {name}", name=short),
            language.say("What are the key points of {name}?", name=short),
        ),
        (
            language.say("Risks in {name}", name=short),
            language.say("What are the risks and open questions in {name}?", name=short),
        ),
        (
            language.say("Dates and figures in {name}", name=short),
            language.say("Which dates and figures in {name} should I know?", name=short),
        ),
    ]
    return [Suggestion(title, f"{message} {link}".strip()) for title, message in asked]


def suggest_catch_up(language: Language) -> Suggestion:
    """Suggest to sum up the channel that the person looks at."""
    said = language.say(CATCH_UP)
    return Suggestion(said, said)


def suggest_anything(language: Language) -> list[Suggestion]:
    """Suggest what always makes sense."""
    return [
        Suggestion(
            language.say("What can you do?"),
            language.say("What can you do for me, and how do I ask for it?"),
        ),
        Suggestion(
            language.say("Summarize a file"),
            language.say("I'd like a summary of a file. How do I share it with you?"),
        ),
        Suggestion(
            language.say("Think a decision through"),
            language.say("Help me think a decision through, with the reasons for and against."),
        ),
        Suggestion(
            language.say("Draft a message"),
            language.say("Help me draft a message. Ask me what it is about and for whom."),
        ),
    ]


def _shorten(name: str) -> str:
    """Cut out the middle, so that the extension stays."""
    if len(name) <= _NAME_CHARACTERS:
        return name
    tail = 8
    return name[: _NAME_CHARACTERS - tail - 1].rstrip() + "…" + name[-tail:].lstrip()
