// What the page knows: everything the server told, and where the person is.

const STATUS_SECONDS = 120;
const LOADING_SECONDS = 3;
const APP_NAME = "Aloud";

export const state = {
  me: sessionStorage.getItem("person") ?? "U0ALICE001",
  app: "",
  banner: "",
  profile: { name: "", view: "agent" },
  users: new Map(),
  channels: new Map(),
  messages: new Map(),
  statuses: new Map(),
  prompts: new Map(),
  titles: new Map(),
  commands: [],
  shortcuts: [],
  home: null,
  modals: [],
  channel: "",
  thread: "",
  tab: "messages",
  editing: "",
  unread: new Set(),
  dismissed: new Set(),
};

export const names = {
  user: (id) => state.users.get(id)?.profile.display_name || state.users.get(id)?.real_name,
  handle: (id) => state.users.get(id)?.name,
  channel: (id) => state.channels.get(id)?.name,
};

export const keyOf = (message) => `${message.channel}/${message.ts}`;
const threadKey = (each) => `${each.channel}/${each.thread_ts}`;

/**
 * Take in what the server tells. Returns what of the page it touches, and what a screen reader
 * should hear of it: {parts: ["sidebar" | "surfaces" | "banner"], said}.
 */
export function take(change) {
  switch (change.kind) {
    case "snapshot":
      takeSnapshot(change);
      return { parts: ["banner", "sidebar", "surfaces"] };
    case "message":
      return takeMessage(change.message);
    case "gone":
      state.messages.delete(keyOf(change));
      return { parts: [] };
    case "status":
      state.statuses.set(threadKey(change), change);
      return { parts: [] };
    case "prompts":
      state.prompts.set(threadKey(change), change);
      return { parts: [] };
    case "title":
      state.titles.set(threadKey(change), change.title);
      return { parts: [] };
    case "surfaces":
      Object.assign(state, { home: change.home, modals: change.modals });
      return { parts: ["surfaces"] };
    case "directory":
      takeDirectory(change);
      return { parts: ["sidebar"] };
    default:
      return { parts: [] };
  }
}

function takeSnapshot(snapshot) {
  const { app, banner, profile, commands, shortcuts, home, modals } = snapshot;
  Object.assign(state, { app, banner, profile, commands, shortcuts, home, modals });
  takeDirectory(snapshot);
  state.messages = new Map(snapshot.messages.map((message) => [keyOf(message), message]));
  state.statuses = new Map(snapshot.statuses.map((each) => [threadKey(each), each]));
  state.prompts = new Map(snapshot.prompts.map((each) => [threadKey(each), each]));
  state.titles = new Map(snapshot.titles.map((each) => [threadKey(each), each.title]));
}

function takeDirectory(directory) {
  state.users = new Map(directory.users.map((user) => [user.id, user]));
  state.channels = new Map(directory.channels.map((channel) => [channel.id, channel]));
}

function takeMessage(message) {
  const known = state.messages.get(keyOf(message));
  state.messages.set(keyOf(message), message);
  const unread = !known && message.user !== state.me && message.channel !== state.channel;
  if (unread) state.unread.add(message.channel);
  const ended = known?.streaming_state === "in_progress" && message.streaming_state === "completed";
  const toHear = message.bot_id && (ended || (!known && message.streaming_state !== "in_progress"));
  const author = state.users.get(message.user)?.real_name ?? "App";
  return {
    parts: unread ? ["sidebar"] : [],
    said: toHear ? `${author}: ${message.text.slice(0, 400)}` : "",
  };
}

export function titleOf(channel) {
  if (channel.is_im) return names.user(channel.user) ?? APP_NAME;
  return channel.is_mpim ? channel.name.replace(/^mpdm-|-1$/g, "").replaceAll("--", ", ") : `#${channel.name}`;
}

/** The conversations one can choose, as Slack's menus filter them. */
export const listChannels = () => [...state.channels.values()]
  .filter((channel) => !channel.is_archived)
  .map((channel) => ({ id: channel.id, title: titleOf(channel), kind: kindOf(channel) }));

function kindOf(channel) {
  if (channel.is_im) return "im";
  if (channel.is_mpim) return "mpim";
  return channel.is_private ? "private" : "public";
}

/** The people of the workspace, without bots. */
export const listPeople = () => [...state.users.values()]
  .filter((user) => !user.is_bot && !user.deleted)
  .map((user) => ({ id: user.id, name: user.real_name }));

/** The messages of the channel at hand that are wanted, oldest first. */
export function messagesOf(wanted) {
  return [...state.messages.values()]
    .filter((message) => message.channel === state.channel && !state.dismissed.has(keyOf(message)))
    .filter(wanted)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

/** What the app is doing in a thread, in words, or "". Its loading messages take turns. */
export function statusOf(threadTs) {
  const status = state.statuses.get(`${state.channel}/${threadTs}`);
  if (!status) return "";
  const appName = state.users.get(state.app)?.real_name ?? APP_NAME;
  const age = Date.now() / 1000 - status.set_at;
  if (status.text && age < STATUS_SECONDS) {
    const loading = status.loading_messages;
    if (loading.length) return loading[Math.max(0, Math.floor(age / LOADING_SECONDS)) % loading.length];
    return `${appName} ${status.text}`;
  }
  return status.session === "processing" ? `${appName} is working…` : "";
}

/** Whether Slack's own Stop stands under the thread. */
export const canStop = (threadTs) => state.profile.view === "agent"
  && state.statuses.get(`${state.channel}/${threadTs}`)?.session === "processing";
