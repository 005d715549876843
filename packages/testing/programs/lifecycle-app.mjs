// The common parts of the apps in the lifecycle's contract. Plain JavaScript, because Node runs them without
// the test runner.
import { existsSync } from "node:fs";
import process from "node:process";
import closeWithGrace from "close-with-grace";
import { untilGone } from "./until-gone.mjs";

/** The port on which the app listens when it is not activated. */
export const port = Number(process.env.PORT ?? 0);

/** Whether the app runs without systemdListen(), for comparison. */
export const isPlain = Boolean(process.env.PLAIN);

let reloads = 0;

/** The work of an app before it is ready. It takes as long as a file `NOT_READY` exists. */
export async function untilReady() {
  const { NOT_READY: file } = process.env;
  if (file === undefined || !existsSync(file)) return;
  console.log(`waits until ${file} is gone`);
  await untilGone(file);
}

/** Options for systemdListen(): how the app reacts to its service manager. */
export const options = {
  onListen: untilReady,
  onReload: async () => void reloads++,
  onStop: async () => console.log("the app stops"),
};

/** The routes, each with the string that it answers. */
export const routes = {
  "/": () => "hello",
  "/reloads": () => String(reloads),
  /** Answered when the file `HOLD` is gone. */
  async "/held"() {
    console.log("a request is held");
    await untilGone(process.env.HOLD);
    return "held";
  },
  "/block"() {
    for (;;);
  },
};

/** Stops as an app that handles SIGTERM itself. */
export function stopWithGrace(close) {
  if (!process.env.GRACE) return;
  closeWithGrace(async () => {
    console.log("the grace begins");
    await close();
    console.log("the grace ends");
  });
}
