// What the start page and the pages of the rules do beyond being read. All of them work without it.
"use strict";

// -- copying --------------------------------------------------------------------------------------

function selectAll(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

// The text is selected first: where the clipboard is not ours to write, one key copies it.
async function copy(text, element) {
  selectAll(element);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const said = button.innerHTML;
  let timer = 0;
  button.addEventListener("click", async () => {
    const code = button.parentElement.querySelector("code");
    const isCopied = await copy(code.textContent, code);
    button.textContent = isCopied ? "Copied" : "Selected";
    clearTimeout(timer);
    timer = setTimeout(() => { button.innerHTML = said; }, 2000);
  });
}

// -- the filter of the rules ------------------------------------------------------------------------

const form = document.querySelector("[data-filter]");

// As cds_service/rule_pages.py: Wanted.takes.
function takes(rule, wanted) {
  const isAmong = (value, list) => !value || list.split(" ").includes(value);
  return isAmong(wanted.hook, rule.hooks)
    && isAmong(wanted.order, rule.orders)
    && isAmong(wanted.status, rule.states)
    && wanted.words.every((word) => rule.text.includes(word));
}

function filter(given) {
  const wanted = { ...given, words: given.q.toLowerCase().split(/\s+/).filter(Boolean) };
  const rules = [...document.querySelectorAll("[data-rule]")];
  let shown = 0;
  for (const rule of rules) {
    rule.hidden = !takes(rule.dataset, wanted);
    shown += rule.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("[data-section]")) {
    section.hidden = !section.querySelector("[data-rule]:not([hidden])");
  }
  document.querySelector("[data-count]").textContent = `${shown} of ${rules.length} rules`;
  document.querySelector("[data-none]").hidden = shown > 0;
  document.querySelector("[data-reset]").hidden = !Object.values(given).some((each) => each.trim());
}

function remember(given) {
  const kept = new URLSearchParams(Object.entries(given).filter(([, value]) => value.trim()));
  history.replaceState(null, "", kept.size ? `?${kept}` : location.pathname);
}

if (form) {
  const update = () => {
    const given = Object.fromEntries(new FormData(form));
    filter(given);
    remember(given);
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => { event.preventDefault(); update(); });
  document.querySelector("[data-reset]").addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of form.querySelectorAll("input, select")) field.value = "";
    update();
    form.querySelector("input").focus();
  });
  // What a browser keeps in the fields when one comes back to the page.
  window.addEventListener("pageshow", () => filter(Object.fromEntries(new FormData(form))));
}
