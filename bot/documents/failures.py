"""Why a file's text can't be read: one class for each reason, each with its own sentence.

```
DocumentError
├── NeedsPassword       encrypted
├── ScannedPages        a PDF without a text layer
├── NoText              readable, but there is no text in it
├── ImageFile
│   └── WordlessImage   text recognition found nothing in it
├── RecordingFile       audio or video
├── OutlookMessage      .msg
├── UnsupportedKind     anything else
├── EmptyFile           zero bytes
├── NothingInside       an archive without a document
├── NestedTooDeep       an archive in an archive in an archive
├── DamagedFile         truncated, malformed, or not what its name says
├── TooComplex          over the limits of memory, time, or size after unpacking
├── ReaderCrashed       the parser died of it
├── ReaderMissing       our installation is incomplete
└── FileFailed          a bug, or the database
```

What goes wrong before there are any bytes (permission, download) is told by whoever fetches them.
"""

from collections.abc import Sequence
from typing import Final

from bot.documents.readers.pages import MEMBERS
from bot.errors import DocumentError

_LISTED: Final = 5


class NeedsPassword(DocumentError):
    """The file is encrypted, and an empty password doesn't open it."""

    sentence = "I can't open {name}: it needs a password. Please share a copy without one."


class ScannedPages(DocumentError):
    """A PDF whose pages are pictures of text."""

    sentence = (
        "I can't read {name}: its pages are images without a text layer, probably a scan. "
        "Please run text recognition (OCR) on it and share it again."
    )


class NoText(DocumentError):
    """The file opens, but holds no text."""

    sentence = (
        "I found no text in {name}. If its content is in pictures or drawings, "
        "please paste the text here."
    )


class ImageFile(DocumentError):
    """A picture."""

    sentence = "I can't look at images like {name}. Please paste the text that is in it."


class WordlessImage(ImageFile):
    """A picture in which text recognition found nothing."""

    sentence = (
        "Of images I can read only the text, and I found none in {name}. "
        "Please tell me in words what is on it."
    )


class RecordingFile(DocumentError):
    """Audio or video."""

    sentence = (
        "I can't listen to or watch recordings like {name}. Please share a transcript instead."
    )


class OutlookMessage(DocumentError):
    """Outlook's own message format."""

    sentence = (
        "I can't read Outlook messages like {name}. Please save it as .eml or PDF "
        "and share it again."
    )


class UnsupportedKind(DocumentError):
    """A format that no reader is for."""

    sentence = (
        "I can't read this kind of file: {name}. Please share it as PDF, Office document "
        "or plain text."
    )


class EmptyFile(DocumentError):
    """Zero bytes."""

    sentence = "There is nothing in {name}: the file is empty. Please check it and share it again."


class NothingInside(DocumentError):
    """An archive with no file in it that can be read."""

    sentence = (
        "I opened {name}, but found no document in it that I can read. "
        "Please share the documents themselves."
    )


class NestedTooDeep(DocumentError):
    """Files within files within files."""

    sentence = (
        "I didn't look into {name}: it lies too deep inside of other files. Please share it alone."
    )


class DamagedFile(DocumentError):
    """Truncated, malformed, or not what its name says."""

    sentence = (
        "I can't open {name}: it seems to be damaged or incomplete. Please check that it opens "
        "on your side, save it anew, and share it again."
    )


class TooComplex(DocumentError):
    """Reading it went over the limits of memory, time, or size after unpacking."""

    sentence = (
        "I gave up on {name}: it is too large or too complex inside. Please share only the part "
        "you need, or export it as a PDF."
    )


class ReaderCrashed(DocumentError):
    """The parser died, by a signal or without a proper result."""

    sentence = (
        "I failed to read {name}: something in it trips up my reader. Please save it anew or "
        "export it as a PDF, and share that."
    )


class ReaderMissing(DocumentError):
    """The worker can't start, or a parser isn't installed."""

    sentence = (
        "I can't read {name} because my file reader isn't set up right. "
        "Please tell whoever runs me."
    )


class FileFailed(DocumentError):
    """Something of ours broke."""

    retryable = True
    sentence = (
        "I couldn't read {name}, because something went wrong on my side. "
        "Please share it again in a minute."
    )


BY_CODE: dict[str, type[DocumentError]] = {
    "password": NeedsPassword,
    "scan": ScannedPages,
    "no_text": NoText,
    "image": ImageFile,
    "no_words": WordlessImage,
    "recording": RecordingFile,
    "outlook": OutlookMessage,
    "nothing_inside": NothingInside,
    "unsupported": UnsupportedKind,
    "damaged": DamagedFile,
    "too_complex": TooComplex,
    "reader_missing": ReaderMissing,
}
"""The failure for each code that the worker may answer with."""

_BRIEFLY: dict[type[DocumentError], str] = {
    NeedsPassword: "needs a password",
    ScannedPages: "a scan",
    NoText: "no text",
    ImageFile: "an image",
    WordlessImage: "an image without text",
    RecordingFile: "a recording",
    OutlookMessage: "an Outlook message",
    UnsupportedKind: "a kind of file I can't read",
    EmptyFile: "empty",
    NothingInside: "nothing to read inside",
    NestedTooDeep: "too deep inside of other files",
    DamagedFile: "damaged",
    TooComplex: "too large or too complex",
    ReaderCrashed: "trips up my reader",
}


def explain_inside(
    container: str, unread: Sequence[tuple[str, DocumentError]], left_out: int, *, others: bool
) -> str:
    """Say what could not be read of the files inside of another one.

    Args:
        container: The outer file's name, fit to be shown.
        unread: Each file's name, fit to be shown, and why it could not be read.
        left_out: How many more were not looked at.
        others: Whether something was read.
    """
    sentences = []
    if unread:
        listed = [
            f"{name} ({_BRIEFLY.get(type(failure), 'unreadable')})"
            for name, failure in unread[:_LISTED]
        ]
        more = len(unread) - len(listed)
        end = f" and {more} more" if more else ""
        extent = "anything" if not others else "one file" if len(unread) == 1 else "some files"
        sentences.append(f"I couldn't read {extent} in {container}: {', '.join(listed)}{end}.")
    if left_out:
        files = "1 more file" if left_out == 1 else f"{left_out} more files"
        sentences.append(f"I left out {files} in {container}, since I look at {MEMBERS} at most.")
    if left_out or any(not isinstance(failure, RecordingFile) for _, failure in unread):
        sentences.append("Please share what you need of this on its own.")
    return " ".join(sentences)
