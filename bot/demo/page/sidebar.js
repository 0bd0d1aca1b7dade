// The list of conversations, and who one is.

import { el } from "./dom.js";
import { listPeople, names, state, titleOf } from "./state.js";

const byId = (id) => document.getElementById(id);

/** Draw the sidebar. `visit(channel)` goes to one. */
export function drawSidebar(visit) {
  const channels = [...state.channels.values()];
  const entry = (channel) => renderEntry(channel, visit);
  byId("channels").replaceChildren(
    el("h2", {}, "Channels"), el("ul", {}, ...channels.filter((each) => !each.is_im).map(entry)),
    el("h2", {}, "Apps"), el("ul", {}, ...channels.filter((each) => each.is_im).map(entry)));
  byId("person").replaceChildren(...listPeople().map(({ id, name }) =>
    el("option", { value: id, selected: id === state.me }, name)));
  byId("person-facts").textContent = facts(state.users.get(state.me));
}

function renderEntry(channel, visit) {
  const unread = state.unread.has(channel.id);
  return el("li", {}, el("button", {
    type: "button", class: unread ? "unread" : "", "data-channel": channel.id,
    "aria-current": channel.id === state.channel ? "page" : null,
    onclick: () => visit(channel),
  },
  channel.is_im
    ? el("img", { src: "/page/assets/icon.svg", alt: "", width: "20", height: "20" })
    : el("span", { class: "hash", "aria-hidden": "true" }, mark(channel)),
  el("span", { class: "entry-name" }, channel.is_im ? names.user(channel.user) : titleOf(channel).replace(/^#/, "")),
  channel.is_im ? el("span", { class: "badge" }, "APP") : null,
  channel.is_ext_shared ? el("span", { class: "badge" }, "SHARED") : null,
  channel.is_archived ? el("span", { class: "badge" }, "OLD") : null,
  unread ? el("span", { class: "offstage" }, "unread") : null));
}

function mark(channel) {
  if (channel.is_mpim) return "👥";
  return channel.is_private ? "🔒" : "#";
}

function facts(user) {
  if (!user) return "";
  const role = user.is_owner ? "owner" : user.is_admin ? "admin" : user.is_restricted ? "guest" : "";
  const outside = user.is_stranger ? "other organization" : "";
  return [user.locale, role, outside].filter(Boolean).join(" · ");
}
