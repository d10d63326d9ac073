// The test bench: choose, change, run, and see what an EHR would show. No library, no build step.

import { cardElement, ruleOf } from "./bench_cards.js";
import { openRule, reason, whyElements } from "./bench_why.js";
import { ask, cleaned, copy, find, make } from "./dom.js";

const root = find("bench").dataset.root;
const rulePage = (rule) => `${root}/rules/${encodeURIComponent(rule)}`;

/**
 * `base` is the request as it came, `values` what of it is changed, `now` what came of both and of the
 * suggestions that were taken since; `drafts` are those that it has no place for.
 */
const state = { stories: [], calls: [], base: null, now: null, values: {}, drafts: [], listed: [], library: [], visit: "", run: null, before: null, turn: 0 };

const WITHOUT_VARIANT = { "patient-view": "chart opened", "order-select": "orders selected", "order-sign": "orders being signed" };

// -- what is asked -------------------------------------------------------------------------------

const source = () => document.querySelector("input[name=source]:checked").value;
const newVisit = () => crypto.getRandomValues(new Uint32Array(2)).reduce((text, each) => text + each.toString(36), "");

function fillRequests(list, chosen) {
  const hooks = [...new Set(list.map((each) => each.hook))];
  find("request").replaceChildren(...hooks.map((hook) => make("optgroup", { label: hook },
    list.filter((each) => each.hook === hook).map((each) => make("option", { value: each.name, selected: each.name === chosen }, each.title)))));
}

async function chooseStory(story, request) {
  const chosen = state.stories.find((each) => each.story === story) ?? state.stories[0];
  if (!chosen) return;
  find("story").value = chosen.story;
  const list = chosen.requests.map((each) => ({ ...each, title: each.variant || WITHOUT_VARIANT[each.hook] || each.hook }));
  const name = list.some((each) => each.name === request) ? request : list[0].name;
  fillRequests(list, name);
  await chooseRequest(name);
}

async function chooseRequest(name) {
  const own = state.calls.find((each) => each.name === name);
  state.base = source() === "paste" ? own?.request ?? null : await ask(`/bench/requests/${encodeURIComponent(name)}`);
  Object.assign(state, { values: {}, drafts: [], listed: [], before: null, visit: "" });
  find("same").checked = false;
  showDone([]);
  const about = state.stories.flatMap((each) => each.requests.map((one) => ({ ...one, story: each }))).find((each) => each.name === name);
  find("shows").textContent = source() === "story" && about
    ? about.shows + (about.story.needsSite ? " Some of its results are coded as one hospital codes them; this service has no value sets of that hospital, so they are not recognised." : "")
    : "";
}

async function readPasted() {
  const calls = await ask("/bench/read", { text: find("pasted").value });
  state.calls = calls.map((each) => ({ ...each, hook: String(each.request.hook), title: each.name }));
  fillRequests(state.calls, state.calls[0].name);
  await chooseRequest(state.calls[0].name);
  await run();
}

/** What is entered in the form, where it differs from what the request holds. */
function entered() {
  const values = {};
  for (const row of document.querySelectorAll("#fields .field")) {
    const { id, removed } = row.dataset;
    const part = (name) => row.querySelector(`[data-part=${name}]`)?.value.trim() ?? "";
    if (removed) values[id] = { value: null };
    else if (part("value") !== row.dataset.value || part("unit") !== row.dataset.unit || part("taken") !== row.dataset.taken) {
      if (part("value") !== "") values[id] = { value: part("value"), unit: part("unit"), taken: part("taken") };
      else if (row.dataset.value !== "") values[id] = { value: null };
    }
  }
  return values;
}

// -- run -----------------------------------------------------------------------------------------

async function run() {
  if (!state.base) throw new Error("There is nothing to ask yet: choose a story, or paste a record and read it.");
  const turn = ++state.turn;
  const isSame = find("same").checked && state.visit;
  const visit = isSame ? state.visit : newVisit();
  const values = { ...state.values, ...entered() };
  find("status").textContent = "asking …";
  const found = await ask("/bench/run", { request: state.base, profile: find("profile").value, values, visit });
  // A slow answer must not replace that to a later question.
  if (turn !== state.turn) return;
  state.before = state.run?.base === state.base ? state.run : null;
  state.run = { ...found, base: state.base };
  Object.assign(state, { visit, values, now: found.request });
  show(state.run);
  remember();
}

function show(found) {
  showProblem("");
  showStatus(found);
  showPatient(found);
  showDifference(found);
  showCards(found);
  showNotes(found);
  showDrafts(found.orders.length ? found.orders : null);
  showFields(found);
  find("why").replaceChildren(...whyElements(found, rulePage));
  find("timeline").replaceChildren(found.timeline ? cleaned("div", {}, found.timeline) : make("p", {}, "There is nothing to draw for this request."));
  const json = (value) => JSON.stringify(value, null, 2);
  find("sent-text").textContent = json(found.request);
  find("answered-text").textContent = json(found.response);
  const address = `${location.origin}${root}/cds-services/${found.service}`;
  find("curl-text").textContent = `curl -sS -H 'Content-Type: application/json' ${address} --data-binary @- <<'REQUEST'\n${JSON.stringify(found.request)}\nREQUEST`;
}

function showStatus(found) {
  const count = found.response.cards?.length ?? 0;
  const said = found.refused ? `refused, HTTP ${found.status}` : count === 1 ? "1 card" : `${count || "no"} cards`;
  find("status").textContent = `${said} · ${found.hook} · ${found.milliseconds.toFixed(1)} ms`;
  document.title = `${said} · Bench · CDS service`;
}

function showPatient({ patient, changes }) {
  const age = patient.age === null ? patient.born ? `born ${patient.born}` : "date of birth not sent" : `${patient.age} years`;
  const parts = [patient.name || `Patient/${patient.id}`, patient.sex ?? "sex not sent", age, patient.died ? "recorded as deceased" : ""];
  find("patient").replaceChildren(make("strong", {}, parts.filter(Boolean).join(", ")), ` ${patient.problems.join("; ") || "No problem list was sent."}`,
    changes.length ? make("span", { class: "changed" }, `Changed: ${changes.join("; ")}`) : "");
}

/** Against the run before of the same request: what came, what went, and why. */
function showDifference(found) {
  const box = find("difference");
  const shown = (each) => (each?.response.cards ?? []).map(ruleOf);
  const [now, was] = [shown(found), shown(state.before)];
  const rules = found.why ?? [];
  const gone = was.filter((rule) => !now.includes(rule)).map((rule) => {
    const each = rules.find((one) => one.rule === rule);
    const held = found.heldBack?.some((one) => one.rule === rule || one.also?.includes(rule));
    const why = !rules.length ? "nothing was checked" : held ? "held back" : each && each.truth !== "yes" ? reason(each) : each?.where ?? "";
    return make("li", {}, make("strong", {}, "No longer shown: "), `${rule}. `, why ? `${why[0].toUpperCase()}${why.slice(1)}.` : "");
  });
  const come = state.before ? now.filter((rule) => !was.includes(rule)).map((rule) => make("li", {}, make("strong", {}, "New: "), `${rule}.`)) : [];
  box.hidden = !(gone.length || come.length);
  box.replaceChildren(make("h3", {}, "Since the run before"), make("ul", {}, gone, come));
}

function showCards(found) {
  const cards = found.response.cards ?? [];
  const acts = { why: showWhy, take, override };
  find("cards").replaceChildren(...(cards.length ? cards.map((card) => cardElement(card, found.details[card.uuid], acts)) : [noCard(found)]));
  fold();
}

function noCard(found) {
  if (found.refused) {
    return make("div", { class: "refused", role: "alert" }, make("h3", {}, `Refused with HTTP ${found.status}: nothing was checked`),
      make("ul", {}, found.refused.map((each) => make("li", {}, each))));
  }
  const missing = found.notEvaluable.filter((each) => !each.quiet);
  return make("div", { class: "nothing" }, found.silence.map((each) => make("p", {}, make("strong", {}, each))),
    missing.length ? make("p", {}, "Not known:") : null,
    missing.length ? make("ul", {}, missing.map((each) => make("li", {}, each.what, each.rules.length ? make("span", { class: "note" }, ` (for ${each.rules.join(", ")})`) : ""))) : null,
    found.heldBack.length ? make("ul", {}, found.heldBack.map((each) => make("li", {}, each.words))) : null,
    found.silent.length ? make("p", {}, `Applies, and is silent here: ${found.silent.join(", ")}.`) : null,
    make("p", { class: "note" }, "No card is no all-clear: what was not recorded, coded or sent cannot be checked."));
}

function showNotes(found) {
  const box = find("notes");
  box.hidden = !found.notes?.length;
  box.querySelector("summary").textContent = `What ${find("profile").selectedOptions[0].text} shows otherwise (${found.notes?.length ?? 0})`;
  box.querySelector("ul").replaceChildren(...(found.notes ?? []).map((each) => make("li", {}, each)));
}

function showWhy(rule) {
  selectTab("why");
  openRule(rule);
}

function showProblem(text) {
  find("problem").hidden = !text;
  find("problem").textContent = text;
  if (text) find("status").textContent = state.run ? "not asked: below stands the answer of the run before" : "";
}

// -- values --------------------------------------------------------------------------------------

function showFields(found) {
  find("fields").replaceChildren(...found.form.map(field));
  find("reset").hidden = !Object.keys(state.values).length;
}

function field(each) {
  const isChanged = each.id in state.values;
  const row = make("div", {
    class: `field${isChanged ? " is-changed" : ""}`, "data-id": each.id, "data-value": each.value, "data-unit": each.unit ?? "", "data-taken": each.taken ?? "",
  });
  const name = `value-${each.id}`;
  const label = make("label", { for: name, title: each.title }, each.label, isChanged ? make("span", { class: "mark" }, " changed") : "");
  row.append(label, ...parts(each, name));
  if (each.kind !== "date") row.append(remover(row, each));
  if (each.remark) row.append(make("p", { class: "note" }, `On record, not readable: ${each.remark}`));
  return row;
}

function parts(each, name) {
  const about = (what) => `${each.label}: ${what}`;
  if (each.kind === "date") return [make("input", { id: name, "data-part": "value", value: each.value, placeholder: "1961-04-30", class: "whole", autocomplete: "off" })];
  const taken = make("input", { "data-part": "taken", value: each.taken, placeholder: "now", "aria-label": about("how long ago it was taken, such as 3 h or 30 d"), autocomplete: "off" });
  if (each.kind === "answer") {
    const known = [...new Set(["", ...each.answers, each.value])];
    return [make("select", { id: name, "data-part": "value", class: "answer-of" }, known.map((one) => make("option", { value: one, selected: one === each.value }, one || "no result"))), taken];
  }
  const value = make("input", { id: name, "data-part": "value", value: each.value, inputmode: "decimal", placeholder: "none", autocomplete: "off" });
  const unit = make("select", { "data-part": "unit", "aria-label": about("unit") }, each.units.map((one) => make("option", { value: one.code, selected: one.code === each.unit }, one.text)));
  return [value, unit, taken];
}

function remover(row, each) {
  return make("button", {
    type: "button", class: "quiet remove", disabled: !each.results, "aria-label": `Remove ${each.label}`, title: `Remove ${each.label}`,
    onclick: () => { row.dataset.removed = "true"; attempt(run); },
  }, "×");
}

// -- orders --------------------------------------------------------------------------------------

function showDrafts(orders) {
  const listed = orders ?? state.listed ?? [];
  find("orders").replaceChildren(...listed.map((each) => make("li", {}, each.order, each.selected === false ? make("span", { class: "note" }, " (not selected)") : "")));
  if (!listed.length) find("orders").replaceChildren(make("li", { class: "note" }, "none"));
  find("hooks").hidden = !listed.length;
  for (const each of document.querySelectorAll("#hooks button")) each.hidden = each.dataset.hook === state.base?.hook;
}

async function take(card, suggestion) {
  const after = await tried(() => ask("/bench/drafts", { request: state.now, drafts: state.drafts, actions: suggestion.actions ?? [] }));
  const said = await feedback(card, { outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] }, "Recorded as accepted");
  if (after) {
    // The drafts as they are now are what is asked about next; values that were changed are in it.
    Object.assign(state, { base: after.request, now: after.request, values: {}, drafts: after.drafts, listed: after.listed });
    state.run.base = after.request;
    leaveStory();
    remember();
    showDone(after.changes);
    showDrafts(after.listed);
  }
  return said;
}

const override = (card, chosen, comment) => {
  const why = {};
  if (chosen) why.reason = { code: chosen.code, system: chosen.system };
  if (comment) why.userComment = comment;
  const body = { outcome: "overridden", ...(Object.keys(why).length ? { overrideReason: why } : {}) };
  return feedback(card, body, chosen ? `Recorded as overridden: ${chosen.display}` : "Recorded as overridden");
};

async function feedback(card, body, words) {
  // Running again shows what the quiet rules make of it.
  find("same").checked = true;
  try {
    await ask(`/cds-services/${state.run.service}/feedback`, { feedback: [{ card: card.uuid, outcomeTimestamp: new Date().toISOString(), ...body }] });
    return `${words}.`;
  } catch (problem) {
    return `Not recorded: ${problem.message}`;
  }
}

function showDone(changes) {
  find("done").hidden = !changes.length;
  find("changes").replaceChildren(...changes.map((each) => make("div", { class: "change" },
    make("p", {}, make("strong", {}, `Order ${each.what}: `), each.order),
    each.lines.length ? make("pre", { class: "diff", tabindex: "0", "aria-label": `What changed of ${each.order}` }, each.lines.map((line) => make("span", { class: line.startsWith("+") ? "added" : "taken" }, `${line}\n`))) : null)));
}

/** The request is no longer the one that was chosen: neither the form nor the address may say so. */
function leaveStory() {
  const hook = state.base.hook;
  const here = find("request").querySelector("option[value='']") ?? make("option", { value: "" });
  here.textContent = `this visit, at ${hook}`;
  find("request").prepend(here);
  find("request").value = "";
  find("shows").textContent = "The drafts of this visit, as they are now.";
}

/** The drafts of this visit at another hook. */
async function takeTo(hook) {
  const moved = await ask("/bench/drafts", { request: state.now, drafts: state.drafts, hook });
  Object.assign(state, { base: moved.request, values: {}, drafts: [], before: null });
  leaveStory();
  showDone([]);
  await run();
}

/** An order of another story, for the patient of this one. */
async function draft(place) {
  const resource = { ...state.library[place].resource, subject: { reference: `Patient/${state.base.context.patientId}` } };
  const after = await ask("/bench/drafts", { request: state.now, drafts: state.drafts, actions: [{ type: "create", resource }] });
  Object.assign(state, { base: after.request, now: after.request, values: {}, drafts: after.drafts, listed: after.listed });
  leaveStory();
  find("order").value = "";
  if (after.request.hook === "patient-view") showDrafts(after.listed);
  else await run();
}

// -- tabs and panels -----------------------------------------------------------------------------

const tabs = [...document.querySelectorAll("[role=tab]")];

function selectTab(name) {
  for (const tab of tabs) {
    const isChosen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    find(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
  remember();
}

function onTabKey(event) {
  const moves = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.indexOf(event.target), End: tabs.length - 1 - tabs.indexOf(event.target) };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(event.target) + moves[event.key] + tabs.length) % tabs.length];
  selectTab(next.getAttribute("aria-controls"));
  next.focus();
}

const panel = () => document.querySelector("input[name=panel]:checked").value;

/** In the small panel the summary comes first, and the rest on demand. */
function fold() {
  find("panel").className = `panel ${panel()}`;
  for (const each of document.querySelectorAll(".card .detail")) each.open = panel() === "wide";
}

// -- the address: whoever gets it sees the same --------------------------------------------------

function remember() {
  const kept = new URLSearchParams();
  if (source() === "story" && find("request").value) {
    kept.set("story", find("story").value);
    kept.set("request", find("request").value);
    for (const [id, each] of Object.entries(state.values)) kept.set(`v.${id}`, each.value === null ? "" : [each.value, each.unit, each.taken].join("~"));
  }
  if (find("profile").value !== "generic") kept.set("profile", find("profile").value);
  if (panel() !== "wide") kept.set("panel", panel());
  const tab = tabs.find((each) => each.getAttribute("aria-selected") === "true").getAttribute("aria-controls");
  if (tab !== "why") kept.set("tab", tab);
  history.replaceState(null, "", `${location.pathname}?${kept}`);
}

async function recall() {
  const kept = new URLSearchParams(location.search);
  const choose = (name, value) => [...document.querySelectorAll(`input[name=${name}]`)].filter((each) => each.value === value).forEach((each) => { each.checked = true; });
  choose("panel", kept.get("panel"));
  if ([...find("profile").options].some((each) => each.value === kept.get("profile"))) find("profile").value = kept.get("profile");
  if (tabs.some((each) => each.getAttribute("aria-controls") === kept.get("tab"))) selectTab(kept.get("tab"));
  const request = kept.get("request") ?? "";
  const first = find("bench").dataset.first;
  const story = kept.get("story") ?? (request.split(".")[0] || first);
  const known = state.stories.find((each) => each.story === story);
  await chooseStory(known ? story : first, request);
  for (const [name, text] of kept) {
    if (!name.startsWith("v.")) continue;
    const [value, unit = "", taken = ""] = text.split("~");
    state.values[name.slice(2)] = text === "" ? { value: null } : { value, unit, taken };
  }
  await run();
  if (state.stories.length && (!known || (request && find("request").value !== request))) {
    find("problem").hidden = false;
    find("problem").textContent = `The address names ${request || story}, which is not here: another case is shown.`;
  }
}

// -- events --------------------------------------------------------------------------------------

/** Whatever goes wrong is said where the person looks, and the page goes on. */
async function attempt(action) {
  try {
    await action();
  } catch (problem) {
    showProblem(problem.message);
  }
}

async function tried(action) {
  try {
    return await action();
  } catch (problem) {
    showProblem(problem.message);
    return null;
  }
}

function onSource() {
  const isStory = source() === "story";
  find("from-story").hidden = !isStory;
  find("from-paste").hidden = isStory;
  if (isStory) attempt(async () => { await chooseStory(find("story").value, ""); await run(); });
  else if (state.calls.length) fillRequests(state.calls, state.calls[0].name);
  else blank();
}

/** Nothing is asked yet: the answer to another question must not stand there. */
function blank() {
  Object.assign(state, { base: null, run: null, turn: state.turn + 1 });
  for (const id of ["request", "fields", "patient", "why", "timeline", "orders"]) find(id).replaceChildren();
  for (const id of ["shows", "status", "sent-text", "answered-text", "curl-text"]) find(id).textContent = "";
  for (const id of ["hooks", "difference", "notes", "done"]) find(id).hidden = true;
  find("cards").replaceChildren(make("p", { class: "nothing" }, "Paste a record, and read it."));
  showProblem("");
  find("pasted").focus();
}

function listen() {
  find("case").addEventListener("submit", (event) => { event.preventDefault(); attempt(run); });
  document.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); attempt(source() === "paste" && document.activeElement === find("pasted") ? readPasted : run); } });
  find("story").addEventListener("change", () => attempt(async () => { await chooseStory(find("story").value, ""); await run(); }));
  find("request").addEventListener("change", () => find("request").value && attempt(async () => { await chooseRequest(find("request").value); await run(); }));
  find("fields").addEventListener("input", () => { find("status").textContent = "changed, and not asked yet: Run"; });
  find("read").addEventListener("click", () => attempt(readPasted));
  find("profile").addEventListener("change", () => attempt(run));
  find("order").addEventListener("change", () => { if (find("order").value) attempt(() => draft(find("order").value)); });
  for (const each of document.querySelectorAll("#hooks button")) each.addEventListener("click", () => attempt(() => takeTo(each.dataset.hook)));
  find("reset").addEventListener("click", () => attempt(async () => { state.values = {}; find("fields").replaceChildren(); await run(); }));
  find("edit").addEventListener("click", () => {
    document.querySelector("input[name=source][value=paste]").checked = true;
    find("pasted").value = find("sent-text").textContent;
    onSource();
    find("pasted").focus();
  });
  for (const each of document.querySelectorAll("input[name=source]")) each.addEventListener("change", onSource);
  for (const each of document.querySelectorAll("input[name=panel]")) each.addEventListener("change", () => { fold(); remember(); });
  for (const each of document.querySelectorAll(".copy")) each.addEventListener("click", () => copy(find(each.dataset.copies), (text) => { each.nextElementSibling.textContent = text; }));
  for (const tab of tabs) {
    tab.addEventListener("click", () => selectTab(tab.getAttribute("aria-controls")));
    tab.addEventListener("keydown", onTabKey);
  }
}

listen();
if (matchMedia("(max-width: 62rem)").matches) find("values").open = false;
attempt(async () => {
  try {
    state.stories = await ask("/bench/stories");
    await recall();
  } finally {
    find("bench").dataset.ready = "true";
  }
  state.library = await ask("/bench/orders");
  find("order").append(...state.library.map((each, place) => make("option", { value: String(place) }, each.label)));
});
