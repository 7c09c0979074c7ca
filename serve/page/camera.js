// A picture from the camera, in a dialog. Knows nothing of what is done with it.

const REASONS = {
  NotAllowedError: "The camera was not allowed. Allow it in your browser's address bar, or choose a file instead.",
  NotFoundError: "No camera was found. Choose a file instead.",
  NotReadableError: "The camera is in use by another program. Close that, or choose a file instead.",
};
const JPEG_QUALITY = 0.92;

export class CameraRefused extends Error {}

// Whether the page can show the camera itself. Browsers lend it only to pages of localhost or https.
export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

// The picture that the reader takes in `dialog`, as a JPEG file; null if they change their mind. Throws CameraRefused.
export async function takePicture(dialog) {
  const video = dialog.querySelector("video");
  const take = dialog.querySelector("[data-act=take]");
  const cancel = dialog.querySelector("[data-act=cancel]");
  const stream = await open();
  const ended = new AbortController();
  try {
    video.srcObject = stream;
    dialog.showModal();
    const choice = new Promise((resolve) => {
      const options = { signal: ended.signal };
      take.addEventListener("click", () => resolve(true), options);
      cancel.addEventListener("click", () => resolve(false), options);
      dialog.addEventListener("cancel", () => resolve(false), options); // Escape
    });
    await video.play();
    take.disabled = false;
    take.focus();
    return (await choice) ? await still(video) : null;
  } finally {
    ended.abort();
    take.disabled = true;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    dialog.close();
  }
}

async function open() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch (error) {
    throw new CameraRefused(REASONS[error.name] ?? `The camera cannot be used (${error.name}). Choose a file instead.`);
  }
}

async function still(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}
