"""Who lives in the local workspace when it opens, and the channels they have."""

from collections.abc import Callable

from bot.demo.profiles import ALL_FEATURES, Profile
from bot.demo.workspace import (
    ALICE,
    ALICE_DM,
    APP_ID,
    BOB,
    BOB_DM,
    BOT_ID,
    BOT_USER_ID,
    GENERAL,
    OTHER_BOT_USER_ID,
    RANDOM,
    Channel,
    User,
    Workspace,
)

CLARA = "U0CLARA001"
EMILE = "U0EMILE001"
LUCIA = "U0LUCIA001"
YUKI = "U0YUKI0001"
GUEST = "U0GUEST001"
OUTSIDER = "U0OLGA0001"
PARTNER_TEAM_ID = "T0PARTNER1"
ANNOUNCEMENTS = "C0ANNOUNCE"
PARTNERS = "C0PARTNERS"
ARCHIVE = "C0ARCHIVE1"
DESIGN = "C0DESIGN01"
LEADS = "C0LEADS001"
GROUP_DM = "C0MPDM0001"

_APP = User(BOT_USER_ID, "aloud", "Aloud", bot_id=BOT_ID, app_id=APP_ID)
_OTHER_BOT = User(OTHER_BOT_USER_ID, "pager", "Pager", bot_id="B0OTHER001", app_id="A0OTHER001")
_MEMBERS = (
    User(ALICE, "alice", "Alice Martin", is_admin=True, time_zone="America/New_York"),
    User(BOB, "bob", "Bob Keller", locale="en-GB"),
    User(CLARA, "clara", "Clara Brandt", locale="de-DE", time_zone="Europe/Berlin"),
    User(EMILE, "emile", "Émile Laurent", locale="fr-FR", time_zone="Europe/Paris"),
    User(LUCIA, "lucia", "Lucía Ortega", locale="es-ES", time_zone="Europe/Madrid"),
    User(YUKI, "yuki", "Yuki Tanaka", locale="ja-JP", time_zone="Asia/Tokyo"),
)
_GUEST = User(GUEST, "gus", "Gus Guest", is_guest=True)
_OUTSIDER = User(OUTSIDER, "olga", "Olga Outside", team=PARTNER_TEAM_ID, is_stranger=True)


def new_workspace(clock: Callable[[], float], profile: Profile = ALL_FEATURES) -> Workspace:
    """Return a workspace with people of several languages, and a channel of each sort."""
    workspace = Workspace(clock, profile)
    for user in (*_MEMBERS, _GUEST, _OUTSIDER, _APP, _OTHER_BOT):
        workspace.add_user(user)
    members = frozenset(user.id for user in _MEMBERS)
    everyone = members | {BOT_USER_ID, OTHER_BOT_USER_ID}
    for channel in (
        Channel(GENERAL, "general", "channel", everyone | {GUEST}),
        Channel(RANDOM, "random", "channel", everyone),
        Channel(ANNOUNCEMENTS, "announcements", "channel", everyone, posting="read_only"),
        Channel(PARTNERS, "partners", "channel", everyone | {OUTSIDER}, shared_externally=True),
        Channel(ARCHIVE, "archive-2025", "channel", everyone, archived=True),
        Channel(DESIGN, "design", "channel", members),
        Channel(LEADS, "leads", "group", frozenset({ALICE, CLARA, BOT_USER_ID})),
        Channel(GROUP_DM, "mpdm-alice--bob--aloud-1", "mpim", frozenset({ALICE, BOB, BOT_USER_ID})),
        Channel(ALICE_DM, "", "im", frozenset({ALICE, BOT_USER_ID})),
        Channel(BOB_DM, "", "im", frozenset({BOB, BOT_USER_ID})),
    ):
        workspace.add_channel(channel)
    for user in (*_MEMBERS, _GUEST):
        workspace.direct_channel(user.id)
    return workspace
