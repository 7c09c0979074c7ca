// The server's answers as objects, its refusals as errors in words. Knows nothing of the page.

const TITLES = {
  0: "The server cannot be reached",
  400: "This picture cannot be read",
  401: "This server needs an API key",
  403: "This API key is not the right one",
  404: "This checkpoint is no longer served",
  408: "Sending took too long",
  413: "This picture is too large",
  503: "The server is busy",
  504: "The answer took too long",
};
const FINAL = [400, 413, 415, 422]; // the same picture would be refused again

let apiKey = ""; // here and nowhere else: a reload forgets it

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
    this.title = TITLES[status] ?? "The server could not answer";
    this.canRetry = !FINAL.includes(status);
    this.needsKey = status === 401 || status === 403;
  }
}

// Send `key` with every request from now on. Throws a Refusal for what cannot stand in a header.
export function useKey(key) {
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Refusal(403, "A key has only letters, digits and signs, and no spaces.");
  apiKey = key;
}

// The models that are served or being loaded, the default first.
export async function listModels() {
  return (await (await ask("models")).json()).models;
}

// How pictures are fed to the checkpoint `name`, in one sentence.
export async function describePreprocessing(name) {
  return (await (await ask(`models/${encodeURIComponent(name)}`)).json()).preprocessing;
}

// Ranked categories and timings of one picture; `roundTripMs` is the whole wait, sending included.
export async function classify(picture, weights, signal) {
  const began = performance.now();
  const answer = await (await send("predict", picture, weights, signal)).json();
  return { model: answer.model, ...answer.pictures[0], roundTripMs: performance.now() - began };
}

// The pixels that the network is fed, as a PNG.
export async function cropOf(picture, weights, signal) {
  return (await send("crop", picture, weights, signal)).blob();
}

async function send(path, picture, weights, signal) {
  const query = weights ? `?${new URLSearchParams({ weights })}` : "";
  // The type is for the server to find out from the bytes: a browser goes by the file's name.
  const headers = { "Content-Type": "application/octet-stream" };
  return ask(path + query, { method: "POST", body: await bytesOf(picture), headers, signal });
}

async function bytesOf(picture) {
  try {
    return await picture.arrayBuffer();
  } catch {
    throw new Refusal(400, "It is a folder, or it was moved or deleted since you chose it.");
  }
}

async function ask(path, { headers = {}, ...options } = {}) {
  if (apiKey) headers.Authorization = `Bearer ${apiKey}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "Check that it is running and that you are connected, then try again.");
  }
  if (!response.ok) throw await refusalIn(response);
  return response;
}

async function refusalIn(response) {
  let detail = `It answered with status ${response.status}.`;
  try {
    detail = (await response.json()).detail ?? detail;
  } catch {
    // A proxy's page, not our problem+json.
  }
  return new Refusal(response.status, sentence(detail));
}

function sentence(detail) {
  const text = detail.replaceAll("`", "").trim();
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
