// One picture on the page: its photo, what became of it, and what the network saw. Knows nothing of the server.

const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const milliseconds = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });

export class Card {
  // `onAgain` is called when the reader asks for another try.
  constructor(picture, name, onAgain) {
    this.picture = picture;
    this.name = name;
    this.element = document.getElementById("card").content.firstElementChild.cloneNode(true);
    this.urls = {};
    this.find(".name").textContent = name;
    this.find(".categories caption").textContent = `Categories of ${name}, likeliest first`;
    this.find(".again").addEventListener("click", onAgain);
    this.showPhoto();
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  wait(text, model) {
    this.find(".state").textContent = text;
    this.find(".model").replaceChildren(...breakable(model));
    this.find(".card").setAttribute("aria-busy", "true");
    this.reveal(".state");
  }

  // Show ranked categories and timings. Gives the likeliest in words.
  show(answer) {
    this.find(".model").replaceChildren(...breakable(answer.model));
    this.find("tbody").replaceChildren(...answer.categories.map(row));
    this.find(".timings").replaceChildren(...timings(answer));
    this.reveal(".categories", ".timings");
    this.find(".card").setAttribute("aria-busy", "false");
    const best = answer.categories[0];
    return `${best.label}, ${percent.format(best.score)}`;
  }

  refuse(refusal) {
    this.find(".refusal-title").textContent = refusal.title;
    this.find(".refusal-detail").textContent = refusal.message;
    this.find(".again").hidden = !refusal.canRetry;
    this.reveal(".refusal");
    this.find(".card").setAttribute("aria-busy", "false");
  }

  async showCrop(png, text) {
    const image = this.find(".crop img");
    image.src = this.url("crop", png);
    await image.decode();
    image.width = image.naturalWidth;
    image.height = image.naturalHeight;
    image.alt = `The ${image.naturalWidth} by ${image.naturalHeight} pixels of ${this.name} that the network was fed`;
    this.find(".crop-text").textContent = text;
    this.find(".crop").hidden = false;
  }

  // Let go of the pictures' memory.
  close() {
    for (const url of Object.values(this.urls)) URL.revokeObjectURL(url);
    this.element.remove();
  }

  showPhoto() {
    const image = this.find(".photo img");
    image.addEventListener("error", () => {
      image.hidden = true;
      this.find(".no-preview").hidden = false;
    });
    image.alt = `Your picture: ${this.name}`;
    image.src = this.url("photo", this.picture);
  }

  url(use, blob) {
    if (this.urls[use]) URL.revokeObjectURL(this.urls[use]);
    this.urls[use] = URL.createObjectURL(blob);
    return this.urls[use];
  }

  reveal(...selectors) {
    for (const part of [".state", ".refusal", ".categories", ".timings", ".crop"]) {
      // An old crop stays until the new one is there: nothing jumps.
      if (part !== ".crop" || selectors.includes(".refusal")) this.find(part).hidden = !selectors.includes(part);
    }
  }
}

function row({ label, score }) {
  const name = create("th", label, { scope: "row" });
  const bar = create("span", "", { class: "bar", "aria-hidden": "true" });
  // Through the style object, not an attribute: the page's policy forbids inline style.
  bar.style.setProperty("--score", score);
  name.append(bar);
  const line = document.createElement("tr");
  line.append(name, create("td", percent.format(score)));
  return line;
}

function timings({ timings: { queue_ms, decode_ms, inference_ms }, roundTripMs }) {
  const found = { Queue: queue_ms, Decode: decode_ms, Inference: inference_ms, "Round trip": roundTripMs };
  return Object.entries(found).map(([name, ms]) => {
    const pair = document.createElement("div");
    pair.append(create("dt", name), create("dd", `${ms < 100 ? milliseconds.format(ms) : Math.round(ms)} ms`));
    return pair;
  });
}

// A long name that may be broken after its dots and underscores.
function breakable(name) {
  return name.split(/(?<=[._])/).flatMap((part) => [part, document.createElement("wbr")]);
}

function create(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
