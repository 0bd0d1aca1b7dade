// The page: what the server tells, what is shown of it, what the person does.

import { renderBlock } from "./blocks.js";
import { makeComposer } from "./composer.js";
import { el, icon } from "./dom.js";
import { renderSpans } from "./markdown.js";
import { continues, dayLine, renderMessage } from "./messages.js";
import { wireToTyped } from "./mrkdwn.js";

const SHOWN_AT_FIRST = 200;
const STATUS_SECONDS = 120;
const HOME = "Aloud";

const byId = (id) => document.getElementById(id);
const state = {
  me: sessionStorage.getItem("person") ?? "U0ALICE001",
  app: "",
  users: new Map(),
  channels: new Map(),
  messages: new Map(),
  statuses: new Map(),
  prompts: new Map(),
  view: null,
  channel: "",
  thread: "",
  editing: "",
  focusThread: false,
  shown: SHOWN_AT_FIRST,
  unread: new Set(),
  loaded: false,
};

const names = {
  user: (id) => state.users.get(id)?.profile.display_name || state.users.get(id)?.real_name,
  handle: (id) => state.users.get(id)?.name,
  channel: (id) => state.channels.get(id)?.name,
};

// What the server tells

let source = null;

function listen() {
  source?.close();
  source = new EventSource(`/page/changes?user=${encodeURIComponent(state.me)}`);
  source.onmessage = (event) => {
    take(JSON.parse(event.data));
    schedule();
  };
  source.onerror = () => document.body.classList.add("offline");
  source.onopen = () => document.body.classList.remove("offline");
}

function take(change) {
  switch (change.kind) {
    case "snapshot":
      takeSnapshot(change);
      break;
    case "message":
      takeMessage(change.message);
      break;
    case "gone":
      state.messages.delete(keyOf(change));
      if (state.thread === change.ts && state.channel === change.channel) closeThread();
      break;
    case "status":
      state.statuses.set(`${change.channel}/${change.thread_ts}`, change);
      break;
    case "prompts":
      state.prompts.set(`${change.channel}/${change.thread_ts}`, change.prompts);
      break;
    case "view":
      state.view = change.view;
      drawModal();
      break;
    case "directory":
      takeDirectory(change);
      break;
  }
}

function takeSnapshot(snapshot) {
  state.app = snapshot.app;
  takeDirectory(snapshot);
  state.messages = new Map(snapshot.messages.map((message) => [keyOf(message), message]));
  state.statuses = new Map(
    [...snapshot.sessions, ...snapshot.statuses].map((each) => [`${each.channel}/${each.thread_ts}`, each]));
  state.prompts = new Map(
    snapshot.prompts.map((each) => [`${each.channel}/${each.thread_ts}`, each.prompts]));
  state.view = snapshot.view;
  byId("banner").hidden = !snapshot.banner;
  byId("banner").replaceChildren(...renderSpans(snapshot.banner, names));
  if (!state.loaded) {
    state.loaded = true;
    followAddress();
  }
  if (!state.channels.has(state.channel)) go([...state.channels.keys()][0]);
  drawModal();
}

function takeDirectory(directory) {
  state.users = new Map(directory.users.map((user) => [user.id, user]));
  state.channels = new Map(directory.channels.map((channel) => [channel.id, channel]));
  drawSidebar();
}

function takeMessage(message) {
  const known = state.messages.get(keyOf(message));
  state.messages.set(keyOf(message), message);
  if (!known && message.user !== state.me && message.channel !== state.channel) {
    state.unread.add(message.channel);
    drawSidebar();
  }
  const ended = known?.streaming_state === "in_progress" && message.streaming_state === "completed";
  if (message.bot_id && (ended || (!known && message.streaming_state !== "in_progress"))) {
    announce(`${state.users.get(message.user)?.real_name ?? "App"}: ${message.text.slice(0, 400)}`);
  }
}

const keyOf = (message) => `${message.channel}/${message.ts}`;

// Where one is

function go(channel, thread = "") {
  if (state.channel !== channel) state.shown = SHOWN_AT_FIRST;
  drafts.leave();
  Object.assign(state, { channel, thread, editing: "", focusThread: false });
  drafts.enter();
  state.unread.delete(channel);
  history.replaceState(null, "", `/#${channel}${thread ? `/${thread}` : ""}`);
  document.body.classList.remove("menu-open");
  byId("menu").setAttribute("aria-expanded", "false");
  drawSidebar();
  schedule({ toEnd: true });
}

const drafts = {
  kept: new Map(),
  leave() {
    this.kept.set(state.channel, composer.draft());
    this.kept.set(`${state.channel}/${state.thread}`, threadComposer.draft());
  },
  enter() {
    composer.setDraft(this.kept.get(state.channel) ?? "");
    threadComposer.setDraft(this.kept.get(`${state.channel}/${state.thread}`) ?? "");
  },
};

function openThread(message) {
  go(message.channel, message.thread_ts ?? message.ts);
  state.focusThread = true;
}

function closeThread() {
  go(state.channel);
}

function followAddress() {
  const archive = /^\/archives\/(\w+)\/p(\d+)/.exec(location.pathname);
  if (archive) {
    goToMessage(archive[1], archive[2], new URLSearchParams(location.search).get("thread_ts"));
    return;
  }
  const [channel, thread] = location.hash.slice(1).split("/");
  if (state.channels.has(channel)) go(channel, thread);
}

/** Follow a permalink: the digits of its `p…` are a ts without the dot. */
function goToMessage(channel, digits, thread) {
  const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  const message = state.messages.get(`${channel}/${ts}`);
  const root = thread ?? (message?.reply_count ? ts : "");
  go(channel, root ?? "");
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const nodes = document.querySelectorAll(`[data-ts="${CSS.escape(ts)}"]`);
    const node = nodes[nodes.length - 1];
    node?.scrollIntoView({ block: "center" });
    node?.classList.add("found");
    setTimeout(() => node?.classList.remove("found"), 2500);
  }));
}

// What is shown

let drawing = null;

function schedule({ toEnd = false } = {}) {
  if (!drawing) requestAnimationFrame(drawScheduled);
  drawing = { toEnd: toEnd || drawing?.toEnd };
}

function drawScheduled() {
  const { toEnd } = drawing;
  drawing = null;
  draw(toEnd);
}

function draw(toEnd) {
  const channel = state.channels.get(state.channel);
  if (!channel) return;
  const title = titleOf(channel);
  document.title = `${title} · Aloud demo`;
  byId("channel-title").textContent = title;
  byId("channel-topic").textContent = channel.is_im
    ? "Every message starts a thread; Aloud answers in it."
    : "Mention @aloud, or share a file.";
  composer.setLabel(`Message ${title}`);
  const roots = messagesOf((message) => !message.thread_ts || message.thread_ts === message.ts
    || message.subtype === "thread_broadcast");
  drawTimeline(byId("timeline"), roots, { inThread: false, toEnd });
  drawThread(toEnd);
}

function drawThread(toEnd) {
  const root = state.messages.get(`${state.channel}/${state.thread}`);
  const open = Boolean(state.thread && root);
  byId("thread").hidden = !open;
  document.body.classList.toggle("thread-open", open);
  if (!open) return;
  byId("thread-place").textContent = titleOf(state.channels.get(state.channel));
  const replies = messagesOf((message) => message.thread_ts === state.thread && message.ts !== state.thread);
  drawTimeline(byId("replies"), [root, ...replies], { inThread: true, toEnd });
  if (state.focusThread) threadComposer.focus();
  state.focusThread = false;
}

function messagesOf(wanted) {
  return [...state.messages.values()]
    .filter((message) => message.channel === state.channel && wanted(message))
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

const drawn = new WeakMap();

/** Bring a list up to date, keeping the nodes of messages that did not change. */
function drawTimeline(scroller, messages, { inThread, toEnd }) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 90;
  const focused = scroller.contains(document.activeElement)
    ? document.activeElement.dataset.place
    : null;
  const kept = new Map([...scroller.children].map((node) => [node.dataset.key, node]));
  const nodes = [];
  const hidden = inThread ? 0 : Math.max(0, messages.length - state.shown);
  if (hidden) nodes.push(el("button", {
    type: "button", class: "button earlier",
    onclick: () => { state.shown += SHOWN_AT_FIRST; schedule(); },
  }, `Show ${Math.min(hidden, SHOWN_AT_FIRST)} earlier messages`));
  let previous = null;
  messages.slice(hidden).forEach((message, index) => {
    const day = inThread ? null : dayLine(previous, message);
    if (day) nodes.push(day);
    const compact = !day && !(inThread && index === 1) && continues(previous, message);
    const status = inThread ? "" : statusOf(message.ts);
    const editing = state.editing === `${keyOf(message)}/${inThread}`;
    const key = keyOf(message);
    const signature = [message, compact, status, editing, state.users];
    const old = kept.get(key);
    if (old && same(drawn.get(old), signature)) nodes.push(old);
    else {
      const node = renderMessage(message, {
        me: state.me, names, user: (id) => state.users.get(id), typed: (text) => wireToTyped(text, names),
        inThread, compact, status, editing, actions,
      });
      node.dataset.key = key;
      drawn.set(node, signature);
      nodes.push(node);
    }
    if (inThread && index === 0 && messages.length > 1) {
      const count = messages.length - 1;
      nodes.push(el("div", { class: "day replies-line", role: "separator" },
        el("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`)));
    }
    previous = message;
  });
  if (inThread) nodes.push(...statusLine(state.thread));
  if (!inThread) nodes.unshift(...welcome(messages.length));
  reconcile(scroller, nodes);
  if (focused) scroller.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  const field = scroller.querySelector("[data-autofocus]");
  if (field && document.activeElement !== field) field.focus();
  if (toEnd || atEnd) scroller.scrollTop = scroller.scrollHeight;
}

const same = (a, b) => a?.length === b.length && a.every((value, index) => value === b[index]);

function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

function statusOf(threadTs) {
  const status = state.statuses.get(`${state.channel}/${threadTs}`);
  if (!status) return "";
  const appName = state.users.get(state.app)?.real_name ?? HOME;
  if (status.text && Date.now() / 1000 - status.set_at < STATUS_SECONDS) return `${appName} ${status.text}`;
  return status.session === "processing" ? `${appName} is working…` : "";
}

function statusLine(threadTs) {
  const text = statusOf(threadTs);
  if (!text) return [];
  return [el("div", { class: "status-line", role: "status" },
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    el("span", { class: "working" }, text),
    el("button", {
      type: "button", class: "button small",
      onclick: () => send("stop", { channel: state.channel, thread_ts: threadTs }),
    }, icon("stop"), "Stop"))];
}

function welcome(count) {
  const channel = state.channels.get(state.channel);
  if (count > 3) return [];
  const title = channel.is_im ? "Hello! I’m Aloud." : `Welcome to #${channel.name}`;
  const text = channel.is_im
    ? "Ask me anything or share a document. I answer in a thread, and show how I got there if you like."
    : "Mention @aloud and it answers in the thread. Share a file and it tells what is in it.";
  return [el("section", { class: "welcome" },
    el("img", { src: "/page/assets/icon.svg", alt: "", width: "44", height: "44" }),
    el("h2", {}, title),
    el("p", {}, text),
    el("div", { class: "suggestions" }, ...suggestions(channel)))];
}

function suggestions(channel) {
  const mention = channel.is_im ? "" : "@aloud ";
  const offered = channel.is_im ? state.prompts.get(`${channel.id}/`) : null;
  const prompts = offered?.length ? offered : [{ title: "What can you do?", message: "What can you do?" }];
  const chip = (label, act) => el("button", { type: "button", class: "suggestion", onclick: act }, label);
  return [
    ...prompts.map((prompt) => chip(prompt.title, () => post({ text: mention + prompt.message, files: [] }))),
    chip("Summarize a file: drop one here", () => composer.pickFiles()),
  ];
}

function drawSidebar() {
  const entry = (channel) => {
    const unread = state.unread.has(channel.id);
    return el("li", {}, el("button", {
      type: "button", class: unread ? "unread" : "",
      "aria-current": channel.id === state.channel ? "page" : null,
      onclick: () => {
        go(channel.id);
        composer.focus();
        if (channel.is_im) send("open", {});
      },
    },
    channel.is_im
      ? el("img", { src: "/page/assets/icon.svg", alt: "", width: "20", height: "20" })
      : el("span", { class: "hash", "aria-hidden": "true" }, channel.is_private ? "🔒" : "#"),
    channel.is_im ? names.user(channel.user) : channel.name,
    channel.is_im ? el("span", { class: "badge" }, "APP") : null,
    unread ? el("span", { class: "offstage" }, "unread") : null));
  };
  const channels = [...state.channels.values()];
  byId("channels").replaceChildren(
    el("h2", {}, "Channels"), el("ul", {}, ...channels.filter((c) => !c.is_im).map(entry)),
    el("h2", {}, "Apps"), el("ul", {}, ...channels.filter((c) => c.is_im).map(entry)));
  const people = [...state.users.values()].filter((user) => !user.is_bot && !user.deleted);
  byId("person").replaceChildren(...people.map((user) => el("option", {
    value: user.id, selected: user.id === state.me,
  }, user.real_name)));
}

function titleOf(channel) {
  return channel.is_im ? names.user(channel.user) ?? HOME : `#${channel.name}`;
}

function announce(text) {
  byId("announcer").textContent = text;
}

function toast(text) {
  const note = el("p", { class: "toast" }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), 5000);
}

// What the person does

async function send(verb, body) {
  const isForm = body instanceof FormData;
  if (isForm) body.set("user", state.me);
  const answer = await fetch(`/page/${verb}`, {
    method: "POST",
    headers: { "X-Aloud-Page": "1", ...(isForm ? {} : { "Content-Type": "application/json" }) },
    body: isForm ? body : JSON.stringify({ user: state.me, ...body }),
  }).catch(() => null);
  if (answer?.ok) return answer.json();
  const problem = await answer?.json().catch(() => null);
  toast(problem?.error ?? "That did not work. Is the demo still running?");
  return null;
}

async function post({ text, files, thread = "" }) {
  const form = new FormData();
  form.set("channel", state.channel);
  form.set("text", text);
  form.set("thread_ts", thread);
  for (const file of files) form.append("file", file);
  const channel = state.channels.get(state.channel);
  const answer = await send("post", form);
  if (!answer) return false;
  const forTheApp = channel.is_im || files.length || /(^|\s)@aloud\b/i.test(text);
  if (!thread && answer.ts && forTheApp) {
    go(channel.id, answer.ts);
    state.focusThread = true;
  } else schedule({ toEnd: true });
  return true;
}

const actions = {
  openThread,
  async press(message, element, value, button) {
    if (element.url) window.open(element.url, "_blank", "noopener");
    if (element.confirm && !(await ask(element.confirm))) return;
    button.classList.add("pressed");
    await send("press", {
      channel: message.channel, ts: message.ts, action_id: element.action_id, value: value ?? null,
    });
    button.classList.remove("pressed");
  },
  startEditing(message, inThread) {
    state.editing = `${keyOf(message)}/${inThread}`;
    schedule();
  },
  stopEditing() {
    state.editing = "";
    schedule();
  },
  async saveEdit(message, text) {
    state.editing = "";
    if (text.trim()) await send("edit", { channel: message.channel, ts: message.ts, text: text.trim() });
    schedule();
  },
  async remove(message) {
    const sure = await ask({
      title: { text: "Delete message" }, text: { text: "Delete this message? This cannot be undone." },
      confirm: { text: "Delete" }, deny: { text: "Cancel" }, style: "danger",
    });
    if (sure) await send("delete", { channel: message.channel, ts: message.ts });
  },
};

// Dialogs

function ask({ title, text, confirm, deny, style }) {
  const dialog = byId("dialog");
  dialog.replaceChildren(el("form", { method: "dialog" },
    el("h2", { id: "dialog-title" }, title.text), el("p", {}, text.text),
    el("div", { class: "block-actions end" },
      el("button", { class: "button", value: "no" }, deny.text),
      el("button", { class: `button ${style ?? "primary"}`, value: "yes" }, confirm.text))));
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.returnValue = "no";
    dialog.showModal();
  });
}

function drawModal() {
  const dialog = byId("dialog");
  if (!state.view) {
    if (dialog.open && dialog.dataset.view) dialog.close();
    return;
  }
  const view = state.view;
  const close = () => { send("submit", { values: null }); };
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      const values = {};
      for (const field of form.querySelectorAll("[data-action]")) {
        values[field.name] = { [field.dataset.action]: { type: field.dataset.type, value: field.value || null } };
      }
      await send("submit", { values });
    },
  },
  el("h2", { id: "dialog-title" }, view.title?.text ?? ""),
  ...view.blocks.map((block, index) => renderBlock(block, { names, press() {}, file: () => null }, `view.${index}`)),
  el("div", { class: "block-actions end" },
    el("button", { type: "button", class: "button", onclick: close }, view.close?.text ?? "Cancel"),
    view.submit ? el("button", { class: "button primary" }, view.submit.text) : null));
  dialog.dataset.view = view.id;
  dialog.onclose = () => { delete dialog.dataset.view; if (state.view) close(); };
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
}

// The fixed parts

const people = () => [...state.users.values()].map((user) => ({
  handle: user.name, name: user.real_name, isApp: user.id === state.app,
}));
const composer = makeComposer({
  pane: byId("main"), label: "Message", people, appHandle: "aloud", send: post,
});
const threadComposer = makeComposer({
  pane: byId("thread"), label: "Reply…", people, appHandle: "aloud",
  send: (message) => post({ ...message, thread: state.thread }),
});
byId("composer").append(composer.node);
byId("thread-composer").append(threadComposer.node);
byId("thread-close").append(icon("close"));
byId("thread-close").addEventListener("click", () => { closeThread(); composer.focus(); });
byId("menu").append(icon("menu"));
byId("menu").addEventListener("click", () => {
  const open = document.body.classList.toggle("menu-open");
  byId("menu").setAttribute("aria-expanded", String(open));
});
byId("person").addEventListener("change", (event) => {
  state.me = event.target.value;
  sessionStorage.setItem("person", state.me);
  state.messages.clear();
  state.thread = "";
  listen();
});
document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[data-archive]");
  const archive = anchor && /\/archives\/(\w+)\/p(\d+)/.exec(anchor.href);
  if (!archive) return;
  event.preventDefault();
  goToMessage(archive[1], archive[2], new URL(anchor.href).searchParams.get("thread_ts"));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.thread && !byId("dialog").open && !state.editing) closeThread();
});
setInterval(() => schedule(), 30_000);
listen();
