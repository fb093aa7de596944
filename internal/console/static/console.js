// What makes the console smoother. Every page works without it.
"use strict";

// Forms that cannot be taken back ask first.
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A form that is carried out once (once.go) is sent once: of a double click, the second answer is that it was carried out
// already, and a browser shows that one. Who comes back to the form may send it, and is told.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.once === undefined || event.defaultPrevented) return;
  if (form.dataset.once === "sent") event.preventDefault();
  form.dataset.once = "sent";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) form.dataset.once = "";
});

// A menu closes when something else is clicked, or with Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Copying needs the clipboard, which a browser gives to HTTPS and to this machine only.
function offerCopies(under) {
  if (!navigator.clipboard) return;
  for (const button of under.querySelectorAll("[data-copy]")) button.hidden = false;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("pre").innerText);
  button.textContent = "Copied";
});
document.addEventListener("DOMContentLoaded", () => offerCopies(document));
document.addEventListener("htmx:afterSwap", (event) => offerCopies(event.target));

// A text that was typed into a filter is asked for with Enter or the button, or while it is typed; not when the field is left:
// it is left by a click into the list, and the list must not change under the mouse.
document.addEventListener("change", (event) => {
  if (event.target.closest("form[hx-get]") && event.target.matches("input:not([type=date], [type=checkbox], [type=radio])")) event.stopPropagation();
}, true);
