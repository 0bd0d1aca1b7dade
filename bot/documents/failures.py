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
from bot.language import Told, mark, tell

_LISTED: Final = 5


class NeedsPassword(DocumentError):
    """The file is encrypted, and an empty password doesn't open it."""

    sentence = mark("I can't open {name}: it needs a password. Please share a copy without one.")


class ScannedPages(DocumentError):
    """A PDF whose pages are pictures of text."""

    sentence = mark(
        "I can't read {name}: its pages are images without a text layer, probably a scan. "
        "Please run text recognition (OCR) on it and share it again."
    )


class NoText(DocumentError):
    """The file opens, but holds no text."""

    sentence = mark(
        "I found no text in {name}. If its content is in pictures or drawings, "
        "please paste the text here."
    )


class ImageFile(DocumentError):
    """A picture."""

    sentence = mark("I can't look at images like {name}. Please paste the text that is in it.")


class WordlessImage(ImageFile):
    """A picture in which text recognition found nothing."""

    sentence = mark(
        "Of images I can read only the text, and I found none in {name}. "
        "Please tell me in words what is on it."
    )


class RecordingFile(DocumentError):
    """Audio or video."""

    sentence = mark(
        "I can't listen to or watch recordings like {name}. Please share a transcript instead."
    )


class OutlookMessage(DocumentError):
    """Outlook's own message format."""

    sentence = mark(
        "I can't read Outlook messages like {name}. Please save it as .eml or PDF "
        "and share it again."
    )


class UnsupportedKind(DocumentError):
    """A format that no reader is for."""

    sentence = mark(
        "I can't read this kind of file: {name}. Please share it as PDF, Office document "
        "or plain text."
    )


class EmptyFile(DocumentError):
    """Zero bytes."""

    sentence = mark(
        "There is nothing in {name}: the file is empty. Please check it and share it again."
    )


class NothingInside(DocumentError):
    """An archive with no file in it that can be read."""

    sentence = mark(
        "I opened {name}, but found no document in it that I can read. "
        "Please share the documents themselves."
    )


class NestedTooDeep(DocumentError):
    """Files within files within files."""

    sentence = mark(
        "I didn't look into {name}: it lies too deep inside of other files. Please share it alone."
    )


class DamagedFile(DocumentError):
    """Truncated, malformed, or not what its name says."""

    sentence = mark(
        "I can't open {name}: it seems to be damaged or incomplete. Please check that it opens "
        "on your side, save it anew, and share it again."
    )


class TooComplex(DocumentError):
    """Reading it went over the limits of memory, time, or size after unpacking."""

    sentence = mark(
        "I gave up on {name}: it is too large or too complex inside. Please share only the part "
        "you need, or export it as a PDF."
    )


class ReaderCrashed(DocumentError):
    """The parser died, by a signal or without a proper result."""

    sentence = mark(
        "I failed to read {name}: something in it trips up my reader. Please save it anew or "
        "export it as a PDF, and share that."
    )


class ReaderMissing(DocumentError):
    """The worker can't start, or a parser isn't installed."""

    sentence = mark(
        "I can't read {name} because my file reader isn't set up right. "
        "Please tell whoever runs me."
    )


class FileFailed(DocumentError):
    """Something of ours broke."""

    retryable = True
    sentence = mark(
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

_INSIDE: dict[type[DocumentError], str] = {
    NeedsPassword: mark("Not read in {container}: {names} (password needed)."),
    ScannedPages: mark("Not read in {container}: {names} (scanned pages)."),
    NoText: mark("Not read in {container}: {names} (no text)."),
    RecordingFile: mark("Not read in {container}: {names} (recording)."),
    OutlookMessage: mark("Not read in {container}: {names} (Outlook message)."),
    UnsupportedKind: mark("Not read in {container}: {names} (a kind of file I can't read)."),
    NothingInside: mark("Not read in {container}: {names} (nothing to read inside)."),
    NestedTooDeep: mark("Not read in {container}: {names} (too deep inside of other files)."),
    DamagedFile: mark("Not read in {container}: {names} (damaged)."),
    TooComplex: mark("Not read in {container}: {names} (too large or too complex)."),
    ReaderCrashed: mark("Not read in {container}: {names} (trips up my reader)."),
}
_OTHERWISE: Final = mark("Not read in {container}: {names}.")


def explain_inside(
    container: str, unread: Sequence[tuple[str, DocumentError]], left_out: int
) -> list[Told]:
    """Say what could not be read of the files inside of another one, a sentence for each reason.

    Args:
        container: The outer file's name, fit to be shown.
        unread: Each file's name, fit to be shown, and why it could not be read.
        left_out: How many more were not looked at.
    """
    alike: dict[str, list[str]] = {}
    for name, failure in unread:
        alike.setdefault(_INSIDE.get(type(failure), _OTHERWISE), []).append(name)
    told = [
        Told(sentence, (("container", container), ("names", _list(names))))
        for sentence, names in alike.items()
    ]
    if left_out:
        sentence = (
            mark("I left out 1 more file in {container}, since I look at {most} at most.")
            if left_out == 1
            else mark(
                "I left out {count} more files in {container}, since I look at {most} at most."
            )
        )
        values = (("count", left_out), ("container", container), ("most", MEMBERS))
        told.append(Told(sentence, values))
    if left_out or any(not isinstance(failure, RecordingFile) for _, failure in unread):
        told.append(
            tell("Please share what you need of {container} on its own.", container=container)
        )
    return told


def _list(names: Sequence[str]) -> str:
    listed = ", ".join(names[:_LISTED])
    more = len(names) - _LISTED
    return f"{listed}, … (+{more})" if more > 0 else listed
