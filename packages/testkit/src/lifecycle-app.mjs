// The common parts of the apps in the lifecycle's contract. Plain JavaScript, because they run on Node itself, without the test runner.
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import closeWithGrace from "close-with-grace";
import { untilGone } from "./until-gone.mjs";

/** The port on which the app listens when it is not activated. */
export const port = Number(process.env.PORT ?? 0);

/** Whether the app has no systemdListen(), for comparison. */
export const isPlain = Boolean(process.env.PLAIN);

let reloads = 0;

/** The work of an app before it is ready. With `NOT_READY`, the app waits until this file is gone. */
export async function untilReady() {
  const { NOT_READY: file } = process.env;
  if (file === undefined) return;
  console.log(`waits until ${file} is gone`);
  await untilGone(file);
}

/** Options for systemdListen(): the reactions of the app to its service manager. */
export const options = {
  ready: untilReady,
  onReload: async () => void reloads++,
  onStop: async () => console.log("the app stops"),
};

/** The routes, each with the string that it answers. */
export const routes = {
  "/": () => "hello",
  "/reloads": () => String(reloads),
  async "/slow"() {
    console.log("a slow request");
    await delay(500);
    return "slow";
  },
  "/block"() {
    for (;;);
  },
};

/** Stops as apps do that handle SIGTERM themselves. */
export function stopWithGrace(close) {
  if (!process.env.GRACE) return;
  closeWithGrace(async () => {
    console.log("the grace begins");
    await close();
    console.log("the grace ends");
  });
}
