"use strict";
// Plots are drawn when they come into view; their colours are the page's, light or dark.
const specs = JSON.parse(document.getElementById("data").textContent).plots;
const drawn = new Set();
const dark = matchMedia("(prefers-color-scheme: dark)");
const coarse = matchMedia("(pointer: coarse)");
const INK = "#000000"; // stands for the page's own ink

function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function coloured(layout) {
  const axis = { gridcolor: ink("--grid"), linecolor: ink("--line"), zeroline: false, mirror: true, showline: true };
  return {
    ...layout,
    xaxis: { ...layout.xaxis, ...axis },
    yaxis: { ...layout.yaxis, ...axis },
    font: { color: ink("--ink"), size: 12, family: "system-ui, sans-serif" },
    paper_bgcolor: ink("--ground"),
    plot_bgcolor: ink("--ground"),
    hoverlabel: { bgcolor: ink("--panel"), bordercolor: ink("--line"), font: { color: ink("--ink") } },
    dragmode: coarse.matches ? false : "zoom", // a finger scrolls the page
  };
}

function traces(data) {
  const inked = (trace, part) =>
    trace[part] && trace[part].color === INK ? { ...trace, [part]: { ...trace[part], color: ink("--ink") } } : trace;
  return data.map((trace) => inked(inked(trace, "line"), "marker"));
}

// What the controls around a plot say of a trace.
function isShown(place, trace) {
  const figure = place.closest(".figure");
  const paper = figure ? figure.querySelector("input.paper") : null;
  if (paper && !paper.checked && (trace.meta.kind === "paper" || trace.meta.kind === "plotted")) return false;
  const boxes = [...place.closest(".group").querySelectorAll("input.series")];
  const own = boxes.find((box) => box.value === trace.meta.series);
  return !own || own.checked;
}

function draw(place) {
  if (place.closest("[hidden]")) return Promise.resolve();
  const spec = specs[place.dataset.plot];
  const data = traces(spec.data).map((trace) => ({ ...trace, visible: isShown(place, trace) }));
  drawn.add(place);
  return Plotly.react(place, data, coloured(spec.layout), { displayModeBar: false, responsive: true });
}

function redraw(within) {
  const places = [...within.querySelectorAll(".plot")].filter((place) => drawn.has(place));
  return Promise.all(places.map(draw));
}

const places = [...document.querySelectorAll(".plot")];
const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting && !drawn.has(entry.target)).forEach((entry) => draw(entry.target)),
  { rootMargin: "300px" },
);
places.forEach((place) => seen.observe(place));

document.querySelectorAll("input.series").forEach((box) => box.addEventListener("change", () => redraw(box.closest(".group"))));
document.querySelectorAll(".figure").forEach((figure) => {
  figure.querySelectorAll("input.paper").forEach((box) => box.addEventListener("change", () => redraw(figure)));
  figure.querySelectorAll("input[type=radio]").forEach((button) =>
    button.addEventListener("change", () => {
      figure.querySelectorAll(".choice").forEach((choice) => { choice.hidden = choice.dataset.choice !== button.value; });
      redraw(figure);
    }),
  );
});
document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => event.preventDefault()));
dark.addEventListener("change", () => redraw(document));

// On paper everything is drawn, on white, as wide as the sheet; evidence is unfolded.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("details.card:not([open])")];
  unfolded.forEach((card) => { card.open = true; });
  document.documentElement.classList.add("printing");
  places.forEach(draw);
});
addEventListener("afterprint", () => {
  unfolded.forEach((card) => { card.open = false; });
  document.documentElement.classList.remove("printing");
  redraw(document);
});
