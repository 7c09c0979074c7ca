// The page: ways in for pictures, a queue that sends them one by one, and the list of their cards.

import { CameraRefused, hasCamera, takePicture } from "./camera.js";
import { Card } from "./card.js";
import { classify, cropOf, describePreprocessing, listModels, Refusal, useKey } from "./server.js";

const LOADING_POLL_MS = 1000;
const NEWS_KEPT = 20;

const by = (id) => document.getElementById(id);
const cards = new Map(); // Card -> AbortController of its run
const preprocessing = new Map(); // checkpoint -> sentence, or a promise of it
let models = [];
let queue = Promise.resolve(); // one at a time, so that each picture's timings are its own

// --- pictures in ---

function add(files) {
  if (!files.length) return;
  clearTrouble();
  const added = [...files].map((file) => {
    const card = new Card(file, file.name || "pasted picture", () => enqueue(card));
    return card;
  });
  by("cards").prepend(...added.map((card) => card.element));
  by("results").hidden = false;
  added.forEach(enqueue);
  reveal(added[0].element);
}

function reveal(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function enqueue(card) {
  cards.get(card)?.abort();
  const run = new AbortController();
  cards.set(card, run);
  const weights = by("weights").value;
  card.wait("Waiting …", weights);
  queue = queue.then(() => classifyCard(card, weights, run.signal));
}

async function classifyCard(card, weights, signal) {
  if (signal.aborted) return;
  card.wait("Classifying …", weights);
  try {
    const answer = await classify(card.picture, weights, signal);
    announce(`${card.name}: ${card.show(answer)}`);
    const [png, text] = await Promise.all([cropOf(card.picture, weights, signal), feeding(weights)]);
    if (!signal.aborted) await card.showCrop(png, text);
  } catch (error) {
    if (signal.aborted) return;
    const refusal = error instanceof Refusal ? error : new Refusal(-1, String(error));
    card.refuse(refusal);
    announce(`${card.name}: ${refusal.title}. ${refusal.message}`);
    if (refusal.needsKey) askForKey();
  }
}

function feeding(weights) {
  if (!preprocessing.has(weights)) {
    preprocessing.set(weights, describePreprocessing(weights).catch(() => preprocessing.delete(weights) && ""));
  }
  return preprocessing.get(weights);
}

function clear() {
  for (const [card, run] of cards) {
    run.abort();
    card.close();
  }
  cards.clear();
  by("results").hidden = true;
  by("choose").focus();
}

// --- words ---

function announce(text) {
  const line = document.createElement("p");
  line.textContent = text;
  by("news").append(line);
  while (by("news").childElementCount > NEWS_KEPT) by("news").firstElementChild.remove();
}

function say(trouble, about = "") {
  by("trouble").dataset.about = about;
  by("trouble").textContent = trouble;
  by("trouble").hidden = false;
}

function clearTrouble() {
  by("trouble").hidden = true;
  by("trouble").textContent = "";
}

// --- checkpoints ---

async function loadModels() {
  try {
    models = await listModels();
    if (by("trouble").dataset.about === "models") clearTrouble();
    by("unlock").hidden = true;
    showModels();
    if (models.some((model) => model.state === "loading")) setTimeout(loadModels, LOADING_POLL_MS);
  } catch (error) {
    if (error.needsKey) return askForKey(error);
    if (error.status !== 503) say(`${error.title ?? "Something went wrong"}. ${error.message}`, "models");
    setTimeout(loadModels, LOADING_POLL_MS); // starting, or gone for a moment
  }
}

function showModels() {
  const select = by("weights");
  const chosen = select.value;
  select.replaceChildren(...models.map((model) => new Option(model.name, model.name)));
  for (const [index, model] of models.entries()) {
    select.options[index].disabled = model.state !== "ready";
    if (model.state !== "ready") select.options[index].text += " (loading …)";
  }
  if (models.some((model) => model.name === chosen && model.state === "ready")) select.value = chosen;
  select.disabled = models.length === 0;
  if (!models.length) select.replaceChildren(new Option("None is served", ""));
  showFacts();
}

function showFacts() {
  const model = models.find((each) => each.name === by("weights").value);
  const facts = [];
  if (model?.acc1 != null) facts.push(`${model.acc1}% acc@1`);
  if (model?.num_categories) facts.push(`${model.num_categories} categories`);
  if (model?.device) facts.push(`${model.dtype} on ${model.device}`);
  if (model?.checkpoint_sha256) facts.push(`sha256 ${model.checkpoint_sha256.slice(0, 8)} …`);
  by("facts").textContent = facts.map((fact) => fact.replaceAll(" ", "\u00a0")).join(" · ");
}

function askForKey(refusal) {
  by("unlock").hidden = false;
  if (refusal?.status === 403) say(`${refusal.title}.`);
}

async function unlock(event) {
  event.preventDefault();
  clearTrouble();
  try {
    useKey(by("key").value.trim());
  } catch (refusal) {
    say(refusal.message);
    return;
  }
  await loadModels();
  if (!by("unlock").hidden) return;
  by("key").value = "";
  by("weights").focus();
  [...cards.keys()].forEach(enqueue);
}

// --- ways in ---

async function useCamera() {
  clearTrouble();
  // A phone's own camera program is better than ours, and works without https.
  if (matchMedia("(pointer: coarse)").matches) {
    by("capture").click();
    return;
  }
  if (!hasCamera()) {
    say("Browsers lend the camera only to pages of localhost or https. Choose a file instead.");
    return;
  }
  try {
    const picture = await takePicture(by("viewfinder"));
    if (picture) add([picture]);
  } catch (error) {
    if (!(error instanceof CameraRefused)) throw error;
    say(error.message);
  }
}

async function pasteByButton() {
  clearTrouble();
  try {
    const found = [];
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((each) => each.startsWith("image/"));
      if (type) found.push(new File([await item.getType(type)], "pasted picture", { type }));
    }
    if (found.length) add(found);
    else say("There is no picture on the clipboard. Copy one first.");
  } catch {
    say("The browser did not show the clipboard to this page. Press Ctrl V (on a Mac, Command V) instead.");
  }
}

function pasteByKey(event) {
  if (event.target instanceof HTMLInputElement) return;
  const files = event.clipboardData.files;
  if (files.length) add(files);
  else say("There is no picture on the clipboard. Copy one first.");
}

async function addSample(name) {
  const response = await fetch(`page/samples/${name}`);
  add([new File([await response.blob()], name, { type: "image/jpeg" })]);
}

function takeFrom(input) {
  add(input.files);
  input.value = ""; // so that the same file can be chosen again
}

function watchDrops() {
  const mark = (isOver) => document.body.classList.toggle("is-over", isOver);
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    mark(true);
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  addEventListener("drop", (event) => {
    mark(false);
    if (!carriesFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page for the picture
    add(event.dataTransfer.files);
  });
}

by("choose").addEventListener("click", () => by("files").click());
by("files").addEventListener("change", () => takeFrom(by("files")));
by("capture").addEventListener("change", () => takeFrom(by("capture")));
by("camera").addEventListener("click", useCamera);
by("paste").addEventListener("click", pasteByButton);
by("paste").hidden = !navigator.clipboard?.read; // not there without https
by("clear").addEventListener("click", clear);
by("unlock").addEventListener("submit", unlock);
by("weights").addEventListener("change", () => {
  showFacts();
  [...cards.keys()].forEach(enqueue);
});
for (const button of document.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", () => addSample(button.dataset.sample));
}
addEventListener("paste", pasteByKey);
watchDrops();
loadModels();
