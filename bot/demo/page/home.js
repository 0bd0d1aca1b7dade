// The app's Home tab.

import { renderBlock } from "./blocks.js";
import { el } from "./dom.js";
import { Form } from "./elements.js";
import { ask } from "./modals.js";
import { send, valueOf } from "./sending.js";
import { listChannels, listPeople, names, state } from "./state.js";

const memory = new Map();
let drawn = "";

/** Draw the Home tab as the app published it last. `follow(address)` opens a link of a button. */
export function drawHome(pane, follow) {
  const view = state.home;
  const version = view ? `${state.me}/${view.id}/${view.hash}` : `${state.me}/none`;
  if (version === drawn) return;
  drawn = version;
  const focused = pane.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  const context = {
    names, form: new Form(), memory, channel: null,
    channels: listChannels, people: listPeople,
    file: () => null,
    async act(block, part, fields, node) {
      if (part.confirm && !(await ask(part.confirm))) return false;
      if (part.url ?? fields.url) follow(part.url ?? fields.url);
      node.classList.add("pressed");
      const answer = await send("press", { view: "home", action_id: part.action_id, value: valueOf(fields) });
      node.classList.remove("pressed");
      return Boolean(answer);
    },
  };
  pane.replaceChildren(view
    ? el("div", { class: "home-body" },
      ...view.blocks.map((block, index) => renderBlock(block, context, `home.${index}`)))
    : el("p", { class: "quiet home-empty" }, "The app has not shown anything here yet."));
  if (focused) pane.querySelector(`[data-place="${CSS.escape(focused)}"]`)?.focus();
}
