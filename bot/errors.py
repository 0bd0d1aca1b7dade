"""The error tree: one class per thing a person can do something about.

```
AloudError
├── SettingsError               the operator's configuration
├── StartError                  tokens or database refused at start
│   └── DatabaseInUse           by another process of ours
├── ModelError
│   ├── ModelUnreachable        no connection, time-out, 5xx                    retried
│   ├── ModelBusy               429, capacity                                   retried
│   ├── ModelInterrupted        the stream ended without a finish reason        retried
│   ├── ModelBlank              finished, but with no answer                    retried
│   ├── ModelRefused            content filter or moderation
│   ├── ModelUnauthorized       the key
│   ├── ModelOutOfCredit        billing
│   ├── ModelGone               withdrawn or unknown model                      next model
│   ├── ModelRejected           the request is wrong: a bug in us
│   └── PromptTooLong           the context overflowed                          shrunk
├── TooBusy                     more is waiting than can be answered in time
├── TooLate                     Slack was out of reach for so long
├── NotAdmitted                 who may not be answered here, or not any more
│   ├── NotOpenHere             the admins keep us out of the channel
│   ├── OutsidersNotAnswered    of another organisation
│   ├── BudgetUsed              the workspace's month
│   └── PersonBudgetUsed        the person's month
├── NotInstalled                no token for the workspace
├── LeaseLost                   another process does this turn now
├── DocumentError               one file that cannot be read: documents/failures.py
└── DeliveryError               Slack would not take the reply
    ├── DeliveryDelayed         rate limit, 5xx, no connection                  retried
    └── DeliveryRefused         no permission, archived, gone
```

Two audiences: `plain` is for the person in Slack; `str(error)` is for the log and never leaves it.
"""

from typing_extensions import override

from bot.language import ENGLISH, Language, Told, Value, mark


class AloudError(Exception):
    """Base of all errors that this program raises on purpose."""

    plain: str = mark("Something went wrong on my side. Please try again.")
    """What the person in Slack reads: plain words and what to do next."""

    retryable: bool = True
    """Whether the same turn may well succeed when it is tried again later."""

    def tell(self, language: Language) -> str:
        """Say to the person, in their language, what went wrong and what to do next."""
        return language.say(self.plain)


class SettingsError(AloudError):
    """The configuration is wrong; `problems` names everything that is, one sentence each."""

    retryable = False

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StartError(AloudError):
    """Something outside was checked at start and refused; one sentence for each in `problems`."""

    retryable = False

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DatabaseInUse(StartError):
    """Another process of ours has the database open."""


class ModelError(AloudError):
    """The model gave no usable answer."""

    plain = mark("The model could not answer just now. Please try again in a minute.")

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class ModelUnreachable(ModelError):
    """No connection, a time-out, or a 5xx answer."""

    plain = mark("I can't reach the model right now. Please try again in a minute.")


class ModelBusy(ModelError):
    """The model's server asked us to come back later (429)."""

    plain = mark("The model is very busy right now. Please try again in a minute.")


class ModelInterrupted(ModelError):
    """The stream ended before the model had finished."""

    plain = mark("The model's answer broke off. Please try again.")


class ModelBlank(ModelError):
    """The model finished without an answer, even after another try."""

    plain = mark("The model came back without an answer. Please try again or put it differently.")


class ModelRefused(ModelError):
    """The model's server declined to answer this content."""

    plain = mark("The model declined to answer this. Please put it differently.")
    retryable = False


class ModelUnauthorized(ModelError):
    """The model's server does not accept our key."""

    plain = mark(
        "My access to the model isn't set up right. Please tell whoever runs me to check it."
    )
    retryable = False


class ModelOutOfCredit(ModelError):
    """The account behind the key has no credit left, or the key has reached its own limit."""

    plain = mark("The model's credit is used up. Please tell whoever runs me.")
    retryable = False


class ModelGone(ModelError):
    """The model is unknown to its server or was withdrawn."""

    plain = mark("The model I use isn't offered any more. Please tell whoever runs me.")
    retryable = False


class ModelRejected(ModelError):
    """The server calls our request malformed; sending it again would not help."""

    plain = mark("I asked the model something it can't take. Please put it differently.")
    retryable = False


class PromptTooLong(ModelError):
    """The prompt and the answer's room do not fit the model's context.

    `limit` is the context length in tokens if the server told it, else None.
    """

    plain = mark("That is more than the model can read at once. Please ask about a smaller part.")

    def __init__(
        self, message: str, *, status: int | None = None, limit: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.limit = limit


class TooBusy(AloudError):
    """The message would have to wait too long."""

    plain = mark(
        "There is more to answer right now than I can keep up with. Please try again later."
    )


class TooLate(AloudError):
    """Slack was out of reach until nobody waited for the answer any more."""

    plain = mark(
        "I couldn't reach Slack for a while, so my answer is late. Press Retry to have it now."
    )


class NotAdmitted(AloudError):
    """The person is not to be answered here, or not any more; nobody else need know."""

    retryable = False


class NotOpenHere(NotAdmitted):
    """The workspace's admins chose the channels where we answer, and this is none of them."""

    plain = mark(
        "I'm not switched on in this channel. Ask me in a direct message, or ask an admin to add "
        "the channel on my Home tab."
    )


class OutsidersNotAnswered(NotAdmitted):
    """The person belongs to another organisation."""

    plain = mark("I answer only the people of the workspace that I belong to.")


class BudgetUsed(NotAdmitted):
    """The workspace has used its tokens of this month."""

    plain = mark(
        "This workspace has used up its budget for this month. It starts anew on the first; an "
        "admin can raise it on my Home tab."
    )


class PersonBudgetUsed(NotAdmitted):
    """The person has used their tokens of this month."""

    plain = mark(
        "You have used up your budget for this month. It starts anew on the first; an admin can "
        "raise it on my Home tab."
    )


class NotInstalled(AloudError):
    """We have no token for this workspace (any more)."""

    retryable = False


class LeaseLost(AloudError):
    """Another process has taken this turn over; nothing more may be done for it here."""

    retryable = False


class DocumentError(AloudError):
    """One shared file cannot be read; `sentence` says why, with `name` and `values` put in."""

    retryable = False
    sentence = mark("I couldn't read {name}.")

    def __init__(self, name: str, detail: str = "", **values: Value) -> None:
        super().__init__(f"{type(self).__name__}: {detail}" if detail else type(self).__name__)
        self.name = name
        self.values = values

    def told(self, name: str) -> Told:
        """Say what is wrong with a file of this name, which is fit to be shown."""
        return Told(self.sentence, (("name", name), *self.values.items()))

    @property
    @override
    def plain(self) -> str:  # type: ignore[override]  # a sentence with the file's name in it
        return self.tell(ENGLISH)

    @override
    def tell(self, language: Language) -> str:
        return language.put(self.told(self.name))


class DeliveryError(AloudError):
    """Slack did not take a reply; `code` is Slack's error code."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class DeliveryDelayed(DeliveryError):
    """Slack is limiting us or is out of reach; the same call can succeed later."""


class DeliveryRefused(DeliveryError):
    """Slack will not take it: archived channel, missing permission, deleted thread.

    `needed` is the scope that the app lacks, "" if it is something else.
    """

    plain = mark("Slack didn't take my answer here. Please tell whoever runs me.")
    retryable = False

    def __init__(
        self, message: str, *, code: str = "", retry_after: float | None = None, needed: str = ""
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self.needed = needed
