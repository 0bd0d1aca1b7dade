// One message to an element: author, text, blocks, files, reactions, and what one can do with it.

import { renderBlock } from "./blocks.js";
import { el, icon, link } from "./dom.js";
import { Form } from "./elements.js";
import { emoji } from "./emoji.js";
import { toggleMenu } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";

const SHOWN_INLINE = /^image\/(png|jpeg|gif|webp)$/;
const GROUP_SECONDS = 300;
const QUICK_REACTIONS = ["thumbsup", "thumbsdown", "heart", "tada", "eyes", "white_check_mark"];
const MEMBERSHIP = new Set(["channel_join", "channel_leave", "group_join", "group_leave"]);

/** What was folded or pressed in messages, by place; it outlives their nodes. */
const memory = new Map();

/** Whether `message` goes on under `previous` without repeating the author. */
export function continues(previous, message) {
  return Boolean(previous) && previous.user === message.user && !previous.subtype?.includes("tombstone")
    && !MEMBERSHIP.has(previous.subtype)
    && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS
    && previous.ephemeral === message.ephemeral && !previous.reply_count;
}

/**
 * Draw a message.
 * context: {me, names, user(id), channels(), people(), shortcuts, inThread, compact, editing, status, title, actions}.
 */
export function renderMessage(message, context) {
  if (MEMBERSHIP.has(message.subtype)) return membershipLine(message, context);
  const author = context.user(message.user);
  const name = author?.real_name ?? message.username ?? "Unknown";
  const classes = ["message"];
  if (context.compact) classes.push("compact");
  if (message.ephemeral) classes.push("ephemeral");
  if (message.streaming_state === "in_progress") classes.push("streaming");
  return el("article", {
    class: classes.join(" "), "data-ts": message.ts, tabindex: "-1",
    "aria-label": `${name}, ${clock(message.ts)}`,
  },
  el("div", { class: "gutter" }, context.compact
    ? el("time", { datetime: iso(message.ts) }, clock(message.ts, false))
    : avatar(author, name)),
  el("div", { class: "content" },
    message.ephemeral ? el("p", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
    context.compact ? null : heading(message, author, name),
    context.editing ? editor(message, context) : body(message, context),
    reactions(message, context),
    context.inThread ? null : threadLine(message, context)),
  context.editing || message.subtype === "tombstone" ? null : toolbar(message, context));
}

function membershipLine(message, context) {
  return el("p", { class: "membership", "data-ts": message.ts }, ...renderMrkdwn(message.text, context.names));
}

export function avatar(user, name) {
  if (user?.is_bot && user.profile.bot_id === "B0BOT00001") {
    return el("img", { class: "avatar", src: "/page/assets/icon.svg", alt: "" });
  }
  const tone = [...(user?.id ?? "?")].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return el("span", { class: `avatar tone-${tone}`, "aria-hidden": "true" }, name[0]);
}

function heading(message, author, name) {
  return el("header", { class: "byline" },
    el("strong", {}, name),
    author?.is_bot || message.bot_id ? el("span", { class: "badge" }, "APP") : null,
    el("time", { datetime: iso(message.ts), title: full(message.ts) }, clock(message.ts)));
}

function body(message, context) {
  if (message.subtype === "tombstone") return el("p", { class: "quiet" }, "This message was deleted.");
  if (message.subtype === "assistant_app_thread") return el("p", { class: "quiet" }, "A new chat");
  const drawing = {
    names: context.names, channels: context.channels, people: context.people,
    channel: message.channel, form: new Form(), memory,
    act: (block, part, fields, node) => context.actions.press(message, part, fields, node),
    file: (id) => fileCard((message.files ?? []).find((file) => file.id === id), context),
  };
  const blocks = message.blocks ?? [];
  const typed = blocks.length === 1 && blocks[0].type === "rich_text" && !message.bot_id;
  const parts = blocks.length && !typed
    ? blocks.map((block, index) => renderBlock(block, drawing, `${context.me}.${message.ts}.${index}`))
    : message.text ? [el("div", { class: "mrkdwn" }, ...renderMrkdwn(message.text, context.names))] : [];
  if (message.edited && !message.bot_id) {
    (parts[0] ?? parts[parts.push(el("div")) - 1]).append(el("span", { class: "edited" }, " (edited)"));
  }
  if (message.streaming_state === "in_progress") addCaret(parts.at(-1));
  return el("div", { class: "body" }, ...parts,
    ...(message.attachments ?? []).map((attachment) => preview(attachment, context)),
    message.files?.length
      ? el("div", { class: "files" }, ...message.files.map((file) => fileCard(file, context)))
      : null);
}

/** Show where a stream writes: at the end of its last line. */
function addCaret(node) {
  while (/^(DIV|UL|OL|LI|BLOCKQUOTE|P)$/.test(node?.lastElementChild?.tagName)) {
    node = node.lastElementChild;
  }
  node?.append(el("span", { class: "caret", "aria-hidden": "true" }));
}

function preview(attachment, context) {
  if (attachment.from_url) {
    return el("div", { class: "attachment" }, link(attachment.from_url, hostOf(attachment.from_url)));
  }
  return el("div", { class: "attachment" },
    ...renderMrkdwn(attachment.text ?? attachment.fallback ?? "", context.names));
}

function fileCard(file, context) {
  if (!file || file.mode === "tombstone") {
    return el("div", { class: "file gone" }, "This file was deleted.");
  }
  const address = `/page/files/${file.id}/${encodeURIComponent(file.name ?? "file")}`;
  if (SHOWN_INLINE.test(file.mimetype ?? "")) {
    return el("a", { class: "picture", href: address, target: "_blank", rel: "noopener" },
      el("img", { src: address, alt: file.title ?? file.name, loading: "lazy" }));
  }
  const kind = (file.filetype || "file").toLowerCase();
  return el("a", { class: "file", href: address, download: file.name },
    el("span", { class: `file-kind kind-${kind}`, "aria-hidden": "true" }, shortKind(kind)),
    el("span", { class: "file-name" }, el("strong", {}, file.title ?? file.name ?? "File"),
      el("small", {}, [file.pretty_type, size(file.size)].filter(Boolean).join(" · "))),
    el("span", { class: "file-get" }, icon("download")));
}

function reactions(message, context) {
  if (!message.reactions?.length) return null;
  return el("div", { class: "reactions" }, ...message.reactions.map((reaction) => {
    const mine = reaction.users.includes(context.me);
    const who = reaction.users.map((id) => context.names.user(id) ?? id).join(", ");
    return el("button", {
      type: "button", class: "reaction", title: `${who}: ${reaction.name}`, "aria-pressed": String(mine),
      "aria-label": `${reaction.name}, ${reaction.count}`, "data-place": `${message.ts}.reaction.${reaction.name}`,
      onclick: () => context.actions.react(message, reaction.name, !mine),
    }, emoji(reaction.name), " ", String(reaction.count));
  }));
}

function threadLine(message, context) {
  if (!message.reply_count && !context.status) return null;
  const count = message.reply_count ?? 0;
  return el("button", {
    type: "button", class: "thread-line", "data-place": `${message.ts}.thread`,
    onclick: () => context.actions.openThread(message),
  },
  ...(message.reply_users ?? []).slice(0, 3).map((id) => {
    const user = context.user(id);
    return avatar(user, user?.real_name ?? "?");
  }),
  context.title ? el("strong", { class: "thread-name" }, context.title) : null,
  context.status
    ? el("span", { class: "working" }, context.status)
    : el("span", {}, el("b", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
      el("span", { class: "quiet" }, ` Last reply at ${clock(message.latest_reply)}`)));
}

function toolbar(message, context) {
  const { actions } = context;
  const buttons = [];
  const add = (label, name, act, menu = false) => buttons.push(el("button", {
    type: "button", class: "icon-button", title: label, "aria-label": label,
    "aria-haspopup": menu ? "menu" : null, "aria-expanded": menu ? "false" : null,
    "data-place": `${message.ts}.${name}`, onclick: (event) => act(event.currentTarget),
  }, icon(name)));
  if (message.ephemeral) add("Dismiss", "close", () => actions.dismiss(message));
  else {
    add("Add a reaction", "smile", (button) => toggleMenu(button, "Reactions", QUICK_REACTIONS.map((name) => ({
      label: `${emoji(name)} ${name}`, act: () => actions.react(message, name, true),
    }))), true);
    if (!context.inThread) add("Reply in thread", "reply", () => actions.openThread(message));
    if (message.user === context.me) {
      add("Edit message", "edit", () => actions.startEditing(message, context.inThread));
      add("Delete message", "trash", () => actions.remove(message));
    }
    add("More actions", "more", (button) => toggleMenu(button, "More actions", [
      ...context.shortcuts.map((shortcut) => ({
        label: shortcut.name, hint: shortcut.description, act: () => actions.shortcut(message, shortcut),
      })),
      { label: "Copy link", act: () => actions.copyLink(message) },
    ]), true);
  }
  return el("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" }, ...buttons);
}

function editor(message, context) {
  const field = el("textarea", {
    rows: "2", value: context.typed(message.text), "aria-label": "Edit message",
    onkeydown: (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        context.actions.stopEditing();
      }
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        context.actions.saveEdit(message, field.value);
      }
    },
  });
  return el("div", { class: "editor" }, field, el("div", { class: "block-actions" },
    el("button", { type: "button", class: "button", onclick: () => context.actions.stopEditing() }, "Cancel"),
    el("button", { type: "button", class: "button primary", onclick: () => context.actions.saveEdit(message, field.value) }, "Save")));
}

/** The line between two days, or null. */
export function dayLine(previous, message) {
  const day = dayOf(message.ts);
  if (previous && dayOf(previous.ts) === day) return null;
  return el("div", { class: "day", role: "separator" }, el("span", {}, day));
}

const date = (ts) => new Date(Number(ts) * 1000);
const iso = (ts) => date(ts).toISOString();
const full = (ts) => date(ts).toLocaleString();

export function clock(ts, suffix = true) {
  const options = { hour: "numeric", minute: "2-digit" };
  const text = date(ts).toLocaleTimeString([], options);
  return suffix ? text : text.replace(/\s?[AP]M/i, "");
}

function dayOf(ts) {
  const day = date(ts);
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (day.toDateString() === today.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return day.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
}

function shortKind(kind) {
  return { markdown: "md", text: "txt" }[kind] ?? kind.slice(0, 4);
}

export function size(bytes) {
  if (!bytes) return "";
  if (bytes === 1) return "1 byte";
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 3);
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

function hostOf(address) {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}
