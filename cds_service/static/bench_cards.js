// Cards as an EHR shows them, with their buttons. https://cds-hooks.hl7.org/#card-attributes

import { cleaned, make, shape } from "./dom.js";

const RULE = "org.als-leukemia-cds.rule";
const ALWAYS_SHOWN = ["Missing or uncertain", "Held back"];
const FIRST_VALUES = 4;
const WORTH_FOLDING = 4;

export const ruleOf = (card) => card.extension?.[RULE]?.id ?? "";

/** One card. `acts` are what its buttons do: `why(rule)`, `take(card, suggestion)`, `override(card, why)`. */
export function cardElement(card, detail, acts) {
  const title = `card-${card.uuid}`;
  const said = make("p", { class: "said", role: "status" });
  const element = make("article", { class: `card ${card.indicator}`, "aria-labelledby": title, "data-rule": ruleOf(card) },
    make("p", { class: "indicator" }, shape(card.indicator), card.indicator),
    make("h3", { id: title }, card.summary),
    origin(card, acts),
    detail ? detailElement(detail) : null,
    suggestions(card, said, acts),
    override(card, said, acts),
    links(card),
    said);
  return element;
}

/** All of it on demand where it is long; the button names what is further down. */
function detailElement(detail) {
  const text = cleaned("div", { class: "markdown" }, detail);
  const box = make("details", { class: "detail", open: true }, make("summary", {}, "Detail"), text);
  const titles = [...text.querySelectorAll("p > strong:only-child")];
  if (titles.length < 2) return box;
  const names = titles.map((each) => each.textContent.replace(/ \(.*/, "").replace(/\.$/, "")).filter((each) => !ALWAYS_SHOWN.includes(each));
  const gap = missing(titles);
  const rest = shortened(titles[0]);
  const more = make("button", { type: "button", class: "quiet more", onclick: () => { text.classList.remove("cut"); rest?.remove(); gap?.remove(); more.remove(); } },
    `Show all: ${names.join("; ")}`);
  text.classList.add("cut");
  box.append(...[gap, more].filter(Boolean));
  return box;
}

/** Of a long list of values the first, so that the first advice is seen before any button. */
function shortened(title) {
  const list = title.parentElement.nextElementSibling;
  const left = list?.tagName === "UL" ? list.children.length - FIRST_VALUES : 0;
  if (left < WORTH_FOLDING) return null;
  list.classList.add("first-values");
  const rest = make("li", { class: "rest" }, `and ${left} more`);
  list.append(rest);
  return rest;
}

/** What is missing, or was held back, is never folded away: a card without it would look surer than it is. */
function missing(titles) {
  const parts = titles.filter((each) => ALWAYS_SHOWN.includes(each.textContent) && each.parentElement.nextElementSibling)
    .flatMap(({ parentElement: title }) => [title.cloneNode(true), title.nextElementSibling.cloneNode(true)]);
  return parts.length ? make("div", { class: "gap" }, parts) : null;
}

function origin(card, acts) {
  const { label, url } = card.source ?? {};
  const source = url ? elsewhere(url, label) : label;
  const rule = ruleOf(card);
  return make("p", { class: "origin" }, "Source: ", source ?? "none",
    rule ? make("button", { type: "button", class: "quiet why", onclick: () => acts.why(rule) }, "Why this card") : null);
}

const elsewhere = (url, text) => make("a", { href: safe(url), rel: "noopener noreferrer", target: "_blank" }, text ?? url);

/** A link of a card leads to a page, and runs nothing. */
const safe = (url) => (/^https?:\/\//i.test(url) ? url : "about:blank");

function suggestions(card, said, acts) {
  if (!card.suggestions?.length) return null;
  return make("ul", { class: "suggestions", "aria-label": "Suggestions" }, card.suggestions.map((each) => {
    const button = make("button", { type: "button", class: "suggestion", onclick: () => take(button, card, each, said, acts) }, each.label);
    const actions = (each.actions ?? []).filter((action) => action.description && action.description !== each.label);
    return make("li", {}, button,
      each.isRecommended ? make("span", { class: "note" }, " recommended") : null,
      actions.length ? make("ul", { class: "actions" }, actions.map((action) => make("li", {}, action.description))) : null);
  }));
}

async function take(button, card, suggestion, said, acts) {
  button.disabled = true;
  said.textContent = await acts.take(card, suggestion);
  button.classList.add("taken");
  button.textContent = `✓ ${suggestion.label}`;
}

function override(card, said, acts) {
  const name = `override-${card.uuid}`;
  const reasons = card.overrideReasons ?? [];
  const reason = make("select", { id: `${name}-reason` }, make("option", { value: "" }, "no reason"),
    reasons.map((each, place) => make("option", { value: String(place) }, each.display)));
  const comment = make("input", { id: `${name}-comment`, type: "text", maxlength: "200", autocomplete: "off" });
  const button = make("button", { type: "button", onclick: () => set() }, "Set aside");
  const box = make("details", { class: "override" }, make("summary", {}, "Set this card aside"),
    make("div", { class: "fields" },
      make("label", { for: `${name}-reason` }, "Reason"), reason,
      make("label", { for: `${name}-comment` }, "Comment"), comment, button));
  async function set() {
    button.disabled = true;
    const chosen = reasons[Number.parseInt(reason.value, 10)] ?? null;
    said.textContent = await acts.override(card, chosen, comment.value.trim());
    box.closest(".card").classList.add("aside");
    box.remove();
  }
  return box;
}

function links(card) {
  if (!card.links?.length) return null;
  return make("details", { class: "links" }, make("summary", {}, `Links (${card.links.length})`),
    make("ul", {}, card.links.map((each) => make("li", {}, elsewhere(each.url, each.label)))));
}
