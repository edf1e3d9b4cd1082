// What the pages cannot do without a script: pictures that are dropped or pasted, boxes drawn on a paused film, and
// progress as it happens. Everything else works without it.
"use strict";

// --- a picture as an example ---
function handIn(file) {
  const form = document.getElementById("picture");
  if (!form || !file || !file.type.startsWith("image/")) return;
  const files = new DataTransfer();
  files.items.add(file);
  form.elements.picture.files = files.files;
  form.requestSubmit();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick]");
  if (button) document.getElementById(button.dataset.pick).click();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "picture-file" && event.target.files.length) event.target.form.requestSubmit();
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  // The filters stand outside their form, so that it does not hear of them; words are sent with Enter.
  if (event.target.form?.id === "search" && event.target.id !== "q") event.target.form.requestSubmit();
});
document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])][0];
  if (file) handIn(file);
});
const dropping = () => document.querySelector(".drop");
document.addEventListener("dragenter", (event) => {
  if (dropping() && event.dataTransfer?.types.includes("Files")) dropping().hidden = false;
});
document.addEventListener("dragover", (event) => {
  if (dropping()) event.preventDefault();
});
document.addEventListener("dragleave", (event) => {
  if (dropping() && !event.relatedTarget) dropping().hidden = true;
});
document.addEventListener("drop", (event) => {
  if (!dropping()) return;
  event.preventDefault();
  dropping().hidden = true;
  handIn(event.dataTransfer?.files[0]);
});

// --- "/" goes to the search, as in many programs ---
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const field = document.getElementById("q");
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

// --- a box on a paused film ---
function boxOn(stage) {
  const video = stage.querySelector("video");
  const overlay = stage.querySelector("svg");
  const drawn = stage.querySelector("[data-drawn]");
  const form = document.querySelector("[data-box]");
  const [hint, go, draw] = ["hint", "go", "draw"].map((name) => form.querySelector(`[data-${name}]`));
  const size = [Number(stage.dataset.width), Number(stage.dataset.height)];
  let start = null;

  const place = (event) => {
    const frame = overlay.getBoundingClientRect();
    const part = (value) => Math.min(Math.max(value, 0), 1);
    return [part((event.clientX - frame.left) / frame.width), part((event.clientY - frame.top) / frame.height)];
  };
  const show = (a, b) => {
    const [x1, x2] = [a[0], b[0]].sort((m, n) => m - n);
    const [y1, y2] = [a[1], b[1]].sort((m, n) => m - n);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) form.elements[name].value = value.toFixed(5);
    drawn.setAttribute("x", x1 * size[0]);
    drawn.setAttribute("y", y1 * size[1]);
    drawn.setAttribute("width", (x2 - x1) * size[0]);
    drawn.setAttribute("height", (y2 - y1) * size[1]);
    go.hidden = (x2 - x1) * size[0] < 8 || (y2 - y1) * size[1] < 8;
  };
  const begin = () => {
    video.pause();
    video.controls = false;
    stage.classList.add("drawing-box");
    hint.textContent = "Drag from one corner of the person to the other.";
  };
  const end = () => {
    video.controls = true;
    stage.classList.remove("drawing-box");
    show([0, 0], [0, 0]);
  };

  draw.addEventListener("click", async () => {
    if (video.readyState < 2) {
      hint.textContent = "The film is being cut…";
      video.preload = "auto";
      video.load();
      await new Promise((ready) => video.addEventListener("loadeddata", ready, { once: true }));
    }
    begin();
  });
  for (const name of ["play", "seeked"]) video.addEventListener(name, () => stage.classList.add("moved"));
  video.addEventListener("play", end);
  overlay.addEventListener("pointerdown", (event) => {
    start = place(event);
    overlay.setPointerCapture(event.pointerId);
  });
  overlay.addEventListener("pointermove", (event) => {
    if (start) show(start, place(event));
  });
  overlay.addEventListener("pointerup", () => {
    start = null;
    if (!go.hidden) go.focus();
  });
  form.addEventListener("submit", () => {
    form.elements.at.value = video.currentTime.toFixed(3);
  });
}

// --- progress as it happens ---
function follow(element) {
  const events = new EventSource(element.dataset.events);
  events.onmessage = (event) => htmx.swap(element, event.data, { swapStyle: "innerHTML" });
  addEventListener("pagehide", () => events.close());
}

addEventListener("DOMContentLoaded", () => {
  document.querySelector("nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  document.querySelectorAll("[data-stage]").forEach(boxOn);
  document.querySelectorAll("[data-events]").forEach(follow);
});
