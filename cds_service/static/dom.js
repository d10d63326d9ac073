// Elements of the page, made of text: nothing that came with a request is ever read as HTML.

export const find = (id) => document.getElementById(id);

/** An element with attributes, and with texts or elements inside. */
export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...inside.flat().filter((each) => each !== null && each !== undefined && each !== ""));
  return element;
}

/** HTML that the service has cleaned, or drawn itself. */
export function cleaned(tag, attributes, html) {
  const element = make(tag, attributes);
  element.innerHTML = html;
  return element;
}

const SHAPES = {
  critical: ["M5 0h6l5 5v6l-5 5H5l-5-5V5z", "M7.1 3.2h1.8v6H7.1zM7.1 10.8h1.8v1.8H7.1z"],
  warning: ["M8 .6 16 15H0z", "M7.1 5.4h1.8v4.8H7.1zM7.1 11.4h1.8v1.8H7.1z"],
  info: ["M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0z", "M7.1 6.6h1.8v6H7.1zM7.1 3.4h1.8v1.8H7.1z"],
};

/** The shape that stands beside the word of an indicator: colour alone says nothing to some. */
export function shape(indicator) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawn.setAttribute("viewBox", "0 0 16 16");
  drawn.setAttribute("aria-hidden", "true");
  drawn.classList.add("shape");
  for (const path of SHAPES[indicator] ?? []) {
    const part = document.createElementNS("http://www.w3.org/2000/svg", "path");
    part.setAttribute("d", path);
    drawn.append(part);
  }
  return drawn;
}

/** The JSON that a path of this service answers. Throws an Error that says what went wrong. */
export async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(find("bench").dataset.root + path, body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The service does not answer: is it still running?");
  }
  const text = await answer.text();
  let read = null;
  try {
    read = JSON.parse(text);
  } catch {
    // Not of this service: a proxy, or a stop in between.
  }
  if (answer.ok && read !== null) return read;
  const issues = read?.issue?.map((each) => each.diagnostics).filter(Boolean) ?? [];
  throw new Error(issues.length ? issues.join("\n") : `The service answered with HTTP ${answer.status}.`);
}

/** Copies what an element says; where the browser does not allow it, selects it for the keyboard. */
export async function copy(element, tell) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    tell("Copied.");
  } catch {
    element.focus();
    getSelection().selectAllChildren(element);
    tell("Selected: press Ctrl+C, or ⌘C.");
  }
}
