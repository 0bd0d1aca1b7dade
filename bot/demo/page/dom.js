// Build the page's elements. Text only ever becomes text nodes: nothing here parses HTML.

/** Make an element. `props` starting with "on" are listeners, "data"/"aria"/others attributes. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** A link to somewhere else; anything but web and mail addresses stays text. */
export function link(address, ...label) {
  const safe = /^(https?:|mailto:)/i.test(address);
  const children = label.length ? label : [address];
  if (!safe) return el("span", {}, ...children);
  const here = address.startsWith(`${location.origin}/archives/`);
  return here
    ? el("a", { href: address, "data-archive": "" }, ...children)
    : el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

const PATHS = {
  attach: "M9 3.5a3.5 3.5 0 0 1 7 0V13a5 5 0 0 1-10 0V6h1.5v7a3.5 3.5 0 0 0 7 0V3.5a2 2 0 1 0-4 0V13a.5.5 0 0 0 1 0V6H13v7a2 2 0 1 1-4 0z",
  send: "M2.3 2.5 18 9.3c.6.3.6 1.1 0 1.4L2.3 17.5l1.6-6.2L12 10 3.9 8.7z",
  close: "M4.6 3.5 10 8.9l5.4-5.4 1.1 1.1-5.4 5.4 5.4 5.4-1.1 1.1-5.4-5.4-5.4 5.4-1.1-1.1L8.900 10 3.500 4.600z",
  reply: "M3 4.500A1.500 1.500 0 0 1 4.500 3h11A1.500 1.500 0 0 1 17 4.500v8a1.500 1.500 0 0 1-1.500 1.500H9l-4 3.500V14h-.500A1.500 1.500 0 0 1 3 12.500zM6 7v1.300h8V7zm0 2.700V11h5V9.700z",
  edit: "m13.800 2.700 3.500 3.500-9.800 9.800-4.300.800.800-4.300zm0 2.100-8.400 8.400-.200 1.600 1.600-.200L15.200 6.200z",
  trash: "M8 2h4l1 1.500h3.500V5h-13V3.500H7zM5 6.500h10l-.700 10a1.500 1.500 0 0 1-1.500 1.500H7.200a1.500 1.500 0 0 1-1.500-1.500z",
  eye: "M10 4.500c4 0 7 3 8 5.500-1 2.500-4 5.500-8 5.500S3 12.500 2 10c1-2.500 4-5.500 8-5.500zm0 2a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zm0 1.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  menu: "M3 5h14v1.600H3zm0 4.200h14v1.600H3zm0 4.200h14V15H3z",
  at: "M10 2a8 8 0 1 0 4.500 14.600l-.800-1.300A6.500 6.500 0 1 1 16.500 10c0 1.700-.500 2.500-1.300 2.500-.700 0-1-.400-1-1.400V6.500h-1.400v.700A3.700 3.700 0 0 0 10.200 6 4 4 0 0 0 10.200 14c1.200 0 2.200-.500 2.900-1.300.400.800 1.100 1.300 2.100 1.300 1.800 0 2.800-1.500 2.800-4a8 8 0 0 0-8-8zm.200 5.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z",
  stop: "M6 6h8v8H6z",
  up: "M7 17H3.500V9H7zm1.500-.500V9l3-6.500c1.400 0 2.200 1 2 2.400L13 8h3.200c1 0 1.700 1 1.400 1.900l-1.700 5.700c-.200.800-1 1.400-1.900 1.400H10z",
  down: "M13 3h3.500v8H13zm-1.500.500V11l-3 6.500c-1.400 0-2.200-1-2-2.400L7 12H3.800c-1 0-1.700-1-1.400-1.900l1.700-5.700C4.300 3.600 5.100 3 6 3h4z",
  more: "M5 8.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zm5 0a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zm5 0a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3z",
  smile: "M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm0 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM7.300 7.200a1.100 1.100 0 1 1 0 2.200 1.100 1.100 0 0 1 0-2.200zm5.400 0a1.100 1.100 0 1 1 0 2.200 1.100 1.100 0 0 1 0-2.200zM6 11.500h8a4 4 0 0 1-8 0z",
  download: "M9.200 3h1.600v7.200l2.600-2.600 1.100 1.100L10 13.200 5.500 8.700l1.100-1.100 2.600 2.600zM3.500 15h13v1.600h-13z",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
