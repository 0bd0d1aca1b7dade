// The page: where one is, what is drawn, and what the person does.

import { makeComposer } from "./composer.js";
import { el, icon } from "./dom.js";
import { drawHome } from "./home.js";
import { renderSpans } from "./markdown.js";
import { closeMenu } from "./menu.js";
import { ask, drawModals } from "./modals.js";
import { send, toast, valueOf } from "./sending.js";
import { drawSidebar } from "./sidebar.js";
import { keyOf, messagesOf, names, state, take, titleOf } from "./state.js";
import { drawTimeline, paging } from "./timeline.js";

const ARCHIVE = /\/archives\/(\w+)\/p(\d+)/;
const FOUND_MILLISECONDS = 2500;

const byId = (id) => document.getElementById(id);
let focusThread = false;
let loaded = false;

// What the server tells

let source = null;

function listen() {
  source?.close();
  source = new EventSource(`/page/changes?user=${encodeURIComponent(state.me)}`);
  source.onmessage = (event) => {
    const change = JSON.parse(event.data);
    const { parts, said } = take(change);
    if (change.kind === "snapshot") arrive();
    if (change.kind === "gone" && state.channel === change.channel && state.thread === change.ts) closeThread();
    if (said) byId("announcer").textContent = said;
    if (parts.includes("banner")) drawBanner();
    if (parts.includes("sidebar")) drawSidebar(visit);
    if (parts.includes("surfaces")) drawModals();
    schedule();
  };
  source.onerror = () => document.body.classList.add("offline");
  source.onopen = () => document.body.classList.remove("offline");
}

function arrive() {
  if (!loaded) {
    loaded = true;
    followAddress();
  }
  if (!state.channels.has(state.channel)) go([...state.channels.keys()][0]);
}

// Where one is

function go(channel, thread = "", tab = "messages") {
  const elsewhere = state.channel !== channel;
  if (elsewhere) paging.reset();
  closeMenu();
  drafts.leave();
  Object.assign(state, { channel, thread, tab, editing: "" });
  focusThread = false;
  drafts.enter();
  state.unread.delete(channel);
  const place = [channel, tab === "home" ? "home" : thread].filter(Boolean).join("/");
  history.replaceState(null, "", `/#${place}`);
  document.body.classList.remove("menu-open");
  byId("menu").setAttribute("aria-expanded", "false");
  drawSidebar(visit);
  schedule({ toEnd: true });
  if (elsewhere && state.channels.has(channel) && !state.channels.get(channel).is_im) send("look", { channel });
}

/** Go to a conversation as a click in the sidebar does. */
function visit(channel) {
  go(channel.id);
  if (channel.is_im) send("open", { tab: "messages" });
  composer.focus();
}

function showTab(tab) {
  go(state.channel, "", tab);
  send("open", { tab });
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
  focusThread = true;
}

function closeThread() {
  go(state.channel);
}

function followAddress() {
  if (ARCHIVE.test(location.pathname)) {
    follow(location.href);
    return;
  }
  const [channel, thread] = location.hash.slice(1).split("/");
  if (!state.channels.has(channel)) return;
  if (thread !== "home") go(channel, thread);
  else {
    go(channel);
    showTab("home");
  }
}

/** Open a link: a message's permalink here, anything else beside the page. */
function follow(address) {
  const url = new URL(address);
  const archive = url.origin === location.origin && ARCHIVE.exec(url.pathname);
  if (!archive) {
    window.open(address, "_blank", "noopener");
    return;
  }
  const [, channel, digits] = archive;
  if (!state.channels.has(channel)) {
    toast("You are not in this conversation.");
    return;
  }
  const ts = `${digits.slice(0, -6)}.${digits.slice(-6)}`;
  const message = state.messages.get(`${channel}/${ts}`);
  go(channel, url.searchParams.get("thread_ts") ?? (message?.reply_count ? ts : ""));
  requestAnimationFrame(() => requestAnimationFrame(() => point(ts)));
}

function point(ts) {
  const node = [...document.querySelectorAll(`[data-ts="${CSS.escape(ts)}"]`)].at(-1);
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.classList.add("found");
  setTimeout(() => node.classList.remove("found"), FOUND_MILLISECONDS);
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
  const channel = state.channels.get(state.channel);
  if (!channel) return;
  drawHead(channel);
  const atHome = channel.is_im && state.tab === "home";
  byId("home").hidden = !atHome;
  byId("timeline").hidden = atHome;
  byId("composer").hidden = atHome || channel.is_archived;
  byId("composer-note").hidden = !channel.is_archived;
  if (atHome) drawHome(byId("home"), follow);
  else drawMessages(channel, toEnd);
  drawThread(toEnd);
}

function drawHead(channel) {
  const title = titleOf(channel);
  document.title = `${title} · Aloud demo`;
  byId("channel-title").textContent = title;
  byId("channel-topic").textContent = topicOf(channel);
  byId("tabs").hidden = !channel.is_im;
  for (const tab of ["home", "messages"]) {
    byId(`tab-${tab}`).setAttribute("aria-selected", String(state.tab === tab));
    byId(`tab-${tab}`).tabIndex = state.tab === tab ? 0 : -1;
  }
  const membership = byId("membership");
  membership.hidden = channel.is_im || channel.is_mpim || channel.is_archived;
  membership.textContent = channel.app_is_member ? "Remove Aloud" : "Add Aloud";
  membership.classList.toggle("primary", !channel.app_is_member);
  composer.setLabel(`Message ${title}`);
}

function topicOf(channel) {
  if (channel.is_im) return "Every message starts a thread; Aloud answers in it.";
  if (channel.is_archived) return "This channel is archived.";
  if (!channel.app_is_member) return "Aloud is not in this channel.";
  return "Mention @aloud, or share a file.";
}

function drawMessages(channel, toEnd) {
  const roots = messagesOf((message) => !message.thread_ts || message.thread_ts === message.ts
    || message.subtype === "thread_broadcast");
  const before = roots.length > 3 ? [] : [welcome(channel)];
  drawTimeline(byId("timeline"), roots, { inThread: false, toEnd, actions, before, redraw: schedule });
}

function drawThread(toEnd) {
  const root = state.messages.get(`${state.channel}/${state.thread}`);
  const open = Boolean(state.thread && root);
  byId("thread").hidden = !open;
  document.body.classList.toggle("thread-open", open);
  if (!open) return;
  const channel = state.channels.get(state.channel);
  const title = state.titles.get(keyOf(root));
  byId("thread-title").textContent = title || "Thread";
  byId("thread-title").title = title || "";
  byId("thread-place").textContent = titleOf(channel);
  byId("thread-rename").hidden = !(channel.is_im && state.profile.view === "agent" && title);
  byId("thread-composer").hidden = channel.is_archived;
  const replies = messagesOf((message) => message.thread_ts === state.thread && message.ts !== state.thread);
  drawTimeline(byId("replies"), [root, ...replies], { inThread: true, toEnd, actions, redraw: schedule });
  drawPrompts(byId("thread-prompts"), state.prompts.get(`${state.channel}/${state.thread}`), state.thread);
  if (focusThread) threadComposer.focus();
  focusThread = false;
}

function drawPrompts(slot, offered, thread) {
  slot.hidden = !offered?.prompts.length;
  if (slot.hidden) return;
  slot.replaceChildren(
    offered.title ? el("p", { class: "quiet" }, offered.title) : "",
    ...offered.prompts.map((prompt) => chip(prompt.title, () => post({ text: prompt.message, files: [], thread }))));
}

const chip = (label, act) => el("button", { type: "button", class: "suggestion", onclick: act }, label);

function welcome(channel) {
  const offered = channel.is_im ? state.prompts.get(`${channel.id}/`) : null;
  const mention = channel.is_im ? "" : "@aloud ";
  const usual = [{ title: "What can you do?", message: "What can you do?" }];
  const prompts = offered?.prompts.length ? offered.prompts : usual;
  return el("section", { class: "welcome" },
    el("img", { src: "/page/assets/icon.svg", alt: "", width: "44", height: "44" }),
    el("h2", {}, channel.is_im ? `You and ${titleOf(channel)}` : `Welcome to ${titleOf(channel)}`),
    el("p", {}, channel.is_im
      ? "Ask anything or share a document. The answer comes in a thread, with its reasoning if you like."
      : "Mention @aloud and it answers in the thread. Share a file and it tells what is in it."),
    offered?.title ? el("p", { class: "prompts-title" }, offered.title) : null,
    el("div", { class: "suggestions" },
      ...prompts.map((prompt) => chip(prompt.title, () => post({ text: mention + prompt.message, files: [] }))),
      chip("Summarize a file: drop one here", () => composer.pickFiles())));
}

function drawBanner() {
  byId("banner").hidden = !state.banner;
  byId("banner").replaceChildren(...renderSpans(state.banner, names));
}

// What the person does

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
  if (answer.root && forTheApp && answer.root !== state.thread) {
    go(channel.id, answer.root);
    focusThread = true;
  } else schedule({ toEnd: true });
  return true;
}

const actions = {
  openThread,
  async press(message, element, fields, node) {
    if (element.confirm && !(await ask(element.confirm))) return false;
    const address = element.url ?? fields.url;
    if (address) follow(address);
    node.classList.add("pressed");
    const answer = await send("press", {
      channel: message.channel, ts: message.ts, action_id: element.action_id, value: valueOf(fields),
    });
    node.classList.remove("pressed");
    return Boolean(answer);
  },
  react: (message, name, on) => send("react", { channel: message.channel, ts: message.ts, name, on }),
  shortcut: (message, shortcut) =>
    send("shortcut", { channel: message.channel, ts: message.ts, callback_id: shortcut.callback_id }),
  dismiss(message) {
    state.dismissed.add(keyOf(message));
    schedule();
  },
  async copyLink(message) {
    const thread = message.thread_ts && message.thread_ts !== message.ts ? `?thread_ts=${message.thread_ts}` : "";
    const address = `${location.origin}/archives/${message.channel}/p${message.ts.replace(".", "")}${thread}`;
    const copied = await navigator.clipboard.writeText(address).then(() => true, () => false);
    toast(copied ? "Link copied." : address);
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

async function renameThread() {
  const title = await ask({
    title: { text: "Rename this chat" }, field: byId("thread-title").textContent,
    confirm: { text: "Rename" }, deny: { text: "Cancel" },
  });
  if (title) await send("rename", { channel: state.channel, thread_ts: state.thread, title });
}

// The fixed parts

const known = () => ({
  people: [...state.users.values()].map((user) => ({
    handle: user.name, name: user.real_name, isApp: user.id === state.app,
  })),
  commands: state.commands,
});
const composer = makeComposer({ pane: byId("main"), label: "Message", known, appHandle: "aloud", send: post });
const threadComposer = makeComposer({
  pane: byId("thread"), label: "Reply…", known, appHandle: "aloud",
  send: (message) => post({ ...message, thread: state.thread }),
});
byId("composer").append(composer.node);
byId("thread-composer").append(threadComposer.node);
byId("thread-close").append(icon("close"));
byId("thread-close").addEventListener("click", () => { closeThread(); composer.focus(); });
byId("thread-rename").append(icon("edit"));
byId("thread-rename").addEventListener("click", renameThread);
byId("menu").append(icon("menu"));
byId("menu").addEventListener("click", () => {
  const open = document.body.classList.toggle("menu-open");
  byId("menu").setAttribute("aria-expanded", String(open));
});
byId("membership").addEventListener("click", () => {
  const channel = state.channels.get(state.channel);
  send(channel.app_is_member ? "remove" : "invite", { channel: channel.id });
});
for (const tab of ["home", "messages"]) byId(`tab-${tab}`).addEventListener("click", () => showTab(tab));
byId("tabs").addEventListener("keydown", (event) => {
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  const tab = state.tab === "home" ? "messages" : "home";
  showTab(tab);
  byId(`tab-${tab}`).focus();
});
byId("person").addEventListener("change", (event) => {
  state.me = event.target.value;
  sessionStorage.setItem("person", state.me);
  state.messages.clear();
  state.thread = "";
  state.tab = "messages";
  listen();
});
document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a[data-archive]");
  if (!anchor) return;
  event.preventDefault();
  follow(anchor.href);
});
document.addEventListener("keydown", (event) => {
  const inDialog = document.querySelector("dialog[open]");
  if (event.key === "Escape" && state.thread && !inDialog && !state.editing) closeThread();
});
addEventListener("hashchange", followAddress);
setInterval(() => schedule(), 3000);
listen();
