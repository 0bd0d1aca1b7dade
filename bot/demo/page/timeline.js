// A list of messages, brought up to date in place.

import { el, icon } from "./dom.js";
import { continues, dayLine, renderMessage } from "./messages.js";
import { wireToTyped } from "./mrkdwn.js";
import { send } from "./sending.js";
import { canStop, keyOf, listChannels, listPeople, names, state, statusOf } from "./state.js";

const SHOWN_AT_FIRST = 200;
const NEAR_END = 90;

const drawn = new WeakMap();

/** How many messages a list shows before one asks for more. */
export const paging = {
  shown: SHOWN_AT_FIRST,
  reset() { this.shown = SHOWN_AT_FIRST; },
};

/**
 * Draw the messages, keeping the nodes of those that did not change.
 * options: {inThread, toEnd, actions, before: nodes on top, redraw()}.
 */
export function drawTimeline(scroller, messages, { inThread, toEnd, actions, before = [], redraw }) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  const focused = scroller.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  const kept = new Map([...scroller.children].map((node) => [node.dataset.key, node]));
  const nodes = [...before];
  const hidden = inThread ? 0 : Math.max(0, messages.length - paging.shown);
  if (hidden) nodes.push(earlier(hidden, redraw));
  let previous = null;
  messages.slice(hidden).forEach((message, index) => {
    const day = inThread ? null : dayLine(previous, message);
    if (day) nodes.push(day);
    const compact = !day && !(inThread && index === 1) && continues(previous, message);
    nodes.push(nodeOf(message, { inThread, compact, kept, actions }));
    if (inThread && index === 0 && messages.length > 1) nodes.push(repliesLine(messages.length - 1));
    previous = message;
  });
  if (inThread) nodes.push(...statusLine(state.thread));
  reconcile(scroller, nodes);
  if (focused) scroller.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
  const field = scroller.querySelector(".editor textarea");
  if (field && !scroller.contains(document.activeElement)) field.focus();
  if (toEnd || atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function nodeOf(message, { inThread, compact, kept, actions }) {
  const key = keyOf(message);
  const status = inThread ? "" : statusOf(message.ts);
  const title = state.titles.get(key) ?? "";
  const editing = state.editing === `${key}/${inThread}`;
  const signature = [message, compact, status, title, editing, state.users, state.shortcuts];
  const old = kept.get(key);
  if (old && same(drawn.get(old), signature)) return old;
  const node = renderMessage(message, {
    me: state.me, names, user: (id) => state.users.get(id), typed: (text) => wireToTyped(text, names),
    channels: listChannels, people: listPeople, shortcuts: state.shortcuts, inThread, compact, status, title, editing, actions,
  });
  node.dataset.key = key;
  drawn.set(node, signature);
  return node;
}

const same = (a, b) => a?.length === b.length && a.every((value, index) => value === b[index]);

function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
}

function earlier(hidden, redraw) {
  return el("button", {
    type: "button", class: "button earlier",
    onclick: () => { paging.shown += SHOWN_AT_FIRST; redraw(); },
  }, `Show ${Math.min(hidden, SHOWN_AT_FIRST)} earlier messages`);
}

function repliesLine(count) {
  return el("div", { class: "day replies-line", role: "separator" },
    el("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`));
}

function statusLine(threadTs) {
  const text = statusOf(threadTs);
  if (!text) return [];
  const stop = () => send("stop", { channel: state.channel, thread_ts: threadTs });
  return [el("div", { class: "status-line", role: "status" },
    el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")),
    el("span", { class: "working" }, text),
    canStop(threadTs)
      ? el("button", { type: "button", class: "button small", "data-place": "stop", onclick: stop }, icon("stop"), "Stop")
      : null)];
}
