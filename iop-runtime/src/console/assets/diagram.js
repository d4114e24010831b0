// The picture of the production: who points at an item sees its neighbours, names can be filtered, labels shown, and the
// picture held still.

import { watch } from "./live.js";

/** Who points at an item sees its neighbours only. */
function neighbours(svg) {
  const show = (name) => {
    const near = new Set([name]);
    for (const route of svg.querySelectorAll(".route")) {
      const touches = route.dataset.from === name || route.dataset.to === name;
      route.classList.toggle("is-near", touches);
      if (touches) near.add(route.dataset.from).add(route.dataset.to);
    }
    for (const item of svg.querySelectorAll("[data-item]")) item.classList.toggle("is-near", near.has(item.dataset.item));
    svg.classList.add("near");
  };
  for (const item of svg.querySelectorAll("[data-item]")) {
    const link = item.closest("a");
    for (const event of ["pointerenter", "focus"]) link.addEventListener(event, () => show(item.dataset.item));
    for (const event of ["pointerleave", "blur"]) link.addEventListener(event, () => svg.classList.remove("near"));
  }
}

function filter(svg, field) {
  field.hidden = false;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    const found = new Set();
    for (const item of svg.querySelectorAll("[data-item]")) {
      const text = item.querySelector("title").textContent.toLowerCase();
      const here = wanted !== "" && text.includes(wanted);
      item.classList.toggle("is-near", here);
      if (here) found.add(item.dataset.item);
    }
    for (const route of svg.querySelectorAll(".route")) {
      route.classList.toggle("is-near", found.has(route.dataset.from) || found.has(route.dataset.to));
    }
    svg.classList.toggle("near", wanted !== "");
  });
}

function pressed(selector, does) {
  const button = document.querySelector(selector);
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    does(on);
  });
}

export function diagram() {
  const svg = document.querySelector("[data-diagram] svg");
  if (!svg) return;
  neighbours(svg);
  const field = document.querySelector("[data-diagram-filter]");
  if (field) filter(svg, field);
  pressed("[data-diagram-labels]", (on) => svg.classList.toggle("plain", !on));
  pressed("[data-live-toggle]", (on) => watch(on ? document.body.dataset.watch : null));
}
