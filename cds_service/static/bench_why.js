// Why the cards are what they are: every rule with its answer, what decided, and all questions.

import { find, make } from "./dom.js";

const GROUPS = [
  ["could not be checked", "Could not be checked: a fault"],
  ["yes", "Rules that apply"],
  ["unknown", "Rules that cannot tell, for lack of data"],
  ["no", "Rules that do not apply"],
];
const MARKS = { yes: "✓", no: "–", unknown: "?", "could not be checked": "!" };
const MOST = 6;

/** The whole of it. `rulePage` makes the address of a rule's page. */
export function whyElements(run, rulePage) {
  if (!run.why?.length) return [make("p", {}, run.refused ? "Nothing was checked: the request was refused." : "Nothing was checked.")];
  const counted = GROUPS.map(([truth]) => [truth, run.counts[truth]]).filter(([, count]) => count);
  return [
    make("p", {}, `${run.why.length} rules were asked: `, counted.map(([truth, count]) => `${count} ${truth}`).join(", "), "."),
    gaps(run),
    held(run),
    ...GROUPS.map(([truth, title]) => group(truth, title, run.why.filter((each) => each.truth === truth), rulePage)).filter(Boolean),
  ].filter(Boolean);
}

function gaps(run) {
  const missing = (run.notEvaluable ?? []).filter((each) => !each.quiet);
  if (!missing.length) return null;
  return make("section", { class: "gaps" }, make("h3", {}, "What was missing"),
    make("ul", {}, missing.map((each) => make("li", {}, each.what,
      each.rules.length ? make("span", { class: "note" }, ` (for ${each.rules.join(", ")})`) : ""))));
}

function held(run) {
  const lines = [
    ...(run.heldBack ?? []).map((each) => each.words),
    ...(run.silent ?? []).map((rule) => `Applies, and is silent here: ${rule}`),
    ...(run.off ?? []).map((rule) => `Off here, not asked: ${rule}`),
  ];
  return lines.length ? make("section", { class: "gaps" }, make("h3", {}, "Held back, silent or off"), make("ul", {}, lines.map((each) => make("li", {}, each)))) : null;
}

function group(truth, title, rules, rulePage) {
  if (!rules.length) return null;
  const list = rules.map((each) => ruleElement(each, rulePage));
  const heading = `${title} (${rules.length})`;
  if (truth !== "no") return make("section", { class: "group" }, make("h3", {}, heading), list);
  return make("details", { class: "group" }, make("summary", {}, make("h3", {}, heading)), list);
}

function ruleElement(each, rulePage) {
  return make("details", { class: "rule", id: `why-${each.rule}` },
    make("summary", {}, mark(each.truth), " ", make("strong", {}, each.rule), make("span", { class: "note" }, ` ${each.where || ""}`), make("span", { class: "summary" }, each.summary)),
    each.dormant ? make("p", { class: "note" }, "Cannot apply here until the site maps codes that it needs.") : null,
    each.because.length ? make("ul", { class: "because" }, each.because.slice(0, MOST).map(question), more(each.because)) : null,
    each.tree?.parts ? make("details", { class: "all" }, make("summary", {}, "All questions"), make("ul", { class: "tree" }, question(each.tree))) : null,
    make("p", {}, make("a", { href: rulePage(each.rule) }, "The rule: limits, evidence, tested cases")));
}

const more = (list) => (list.length > MOST ? make("li", { class: "note" }, `and ${list.length - MOST} more, under all questions`) : null);

const mark = (truth) => make("span", { class: `truth ${truth.replaceAll(" ", "-")}` }, make("span", { "aria-hidden": "true" }, MARKS[truth]), ` ${truth}`);

function question(each) {
  return make("li", {}, mark(each.truth), " ", each.question,
    each.facts?.length ? make("ul", { class: "facts" }, each.facts.map((fact) => make("li", { class: fact.missing ? "missing" : "" }, fact.text))) : null,
    each.parts?.length ? make("ul", {}, each.parts.map(question)) : null);
}

/** What decided that a rule applies no longer, in a line. */
export function reason(each) {
  const first = each.because[0];
  if (!first) return "";
  const facts = (first.facts ?? []).map((fact) => fact.text).join("; ");
  return `${first.question}: ${first.truth}${facts ? ` (${facts})` : ""}`;
}

/** Opens a rule, and all that it is folded into, and takes the keyboard there. */
export function openRule(rule) {
  const element = find(`why-${rule}`);
  for (let each = element; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  element?.querySelector("summary").focus();
  element?.scrollIntoView({ block: "nearest" });
}
