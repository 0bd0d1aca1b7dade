// One message to an element: author, text, blocks, files, reactions, and what one can do with it.

import { renderBlock } from "./blocks.js";
import { el, icon, link } from "./dom.js";
import { emoji, renderMrkdwn } from "./mrkdwn.js";

const SHOWN_INLINE = /^image\/(png|jpeg|gif|webp)$/;
const GROUP_SECONDS = 300;

/** Whether `message` goes on under `previous` without repeating the author. */
export function continues(previous, message) {
  return Boolean(previous) && previous.user === message.user && !previous.subtype?.includes("tombstone")
    && Number(message.ts) - Number(previous.ts) < GROUP_SECONDS
    && previous.ephemeral === message.ephemeral && !previous.reply_count;
}

/**
 * Draw a message.
 * context: {me, app, names, user(id), inThread, compact, editing, status, actions}.
 */
export function renderMessage(message, context) {
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
    reactions(message),
    context.inThread ? null : threadLine(message, context)),
  context.editing || message.subtype === "tombstone" ? null : toolbar(message, context));
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
  const drawing = {
    names: context.names,
    press: (element, value, button) => context.actions.press(message, element, value, button),
    file: (id) => fileCard((message.files ?? []).find((file) => file.id === id), context),
  };
  const blocks = message.blocks ?? [];
  const typed = blocks.length === 1 && blocks[0].type === "rich_text" && !message.bot_id;
  const parts = blocks.length && !typed
    ? blocks.map((block, index) => renderBlock(block, drawing, `${message.ts}.${index}`))
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

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el("div", { class: "reactions" }, ...message.reactions.map((reaction) =>
    el("span", { class: "reaction", title: reaction.name }, emoji(reaction.name), " ", String(reaction.count))));
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
  context.status
    ? el("span", { class: "working" }, context.status)
    : el("span", {}, el("b", {}, `${count} ${count === 1 ? "reply" : "replies"}`),
      el("span", { class: "quiet" }, ` Last reply at ${clock(message.latest_reply)}`)));
}

function toolbar(message, context) {
  const own = message.user === context.me && !message.ephemeral;
  const buttons = [];
  const add = (label, name, act) => buttons.push(el("button", {
    type: "button", class: "icon-button", title: label, "aria-label": label,
    "data-place": `${message.ts}.${name}`, onclick: act,
  }, icon(name)));
  if (!context.inThread && !message.ephemeral) {
    add("Reply in thread", "reply", () => context.actions.openThread(message));
  }
  if (own) add("Edit message", "edit", () => context.actions.startEditing(message, context.inThread));
  if (own) add("Delete message", "trash", () => context.actions.remove(message));
  return buttons.length ? el("div", { class: "toolbar", role: "toolbar", "aria-label": "Message" }, ...buttons) : null;
}

function editor(message, context) {
  const field = el("textarea", {
    rows: "2", value: context.typed(message.text), "aria-label": "Edit message", "data-autofocus": "",
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
