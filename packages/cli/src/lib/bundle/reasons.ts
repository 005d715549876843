import { clean } from "../shared/clean.ts";
import type { OutsideReason, Refusal } from "./build.ts";

/** Why an app runs without a bundle although one was requested. */
export type Fallback =
  | Refusal
  /** A file that other users can't read, whereas everyone can read the bundle. */
  | { code: "closed"; path: string }
  /** The bundle does not start, but the app does. */
  | { code: "start"; message: string }
  /** The app did not answer, so there is nothing to compare. */
  | { code: "silent" }
  /** The installation ended before the bundle was tested. */
  | { code: "untried" }
  /** The answers of the bundle and of the app differ. */
  | { code: "answer"; difference: string };

const obstacles = {
  dynamic: "loads modules by a name that only running it shows",
  eval: "calls eval()",
  cache: "uses Node's cache of modules",
  "view-engine": "is a view engine, which Express loads by its name",
} as const;

/** The reason as a clause: "server.js:12 loads modules …". */
export function fallbackText(fallback: Fallback): string {
  switch (fallback.code) {
    case "dynamic":
    case "eval":
    case "cache":
    case "view-engine":
      return `${clean(fallback.place)} ${obstacles[fallback.code]}`;
    case "tracer":
      return `${clean(fallback.package)} changes how modules are loaded, and does not see those in a bundle`;
    case "folder-loader":
      return `${clean(fallback.package)} loads files of the app by itself, so they would run twice`;
    case "elsewhere":
      return `the app imports ${clean(fallback.path)}, which is not in its folders`;
    case "nothing":
      return "all of its packages have to stay outside the bundle";
    case "build":
      return `the bundler has failed: ${clean(fallback.message).split("\n").find(Boolean) ?? ""}`;
    case "closed":
      return `other users can't read ${clean(fallback.path)}, and could read the bundle`;
    case "start":
      return `the bundle does not start: ${clean(fallback.message)}`;
    case "silent":
      return "the app has not answered, so the answers of a bundle can't be compared";
    case "untried":
      return "the installation ended before the bundle was tried";
    case "answer":
      return `the bundle does not answer as the app does: ${clean(fallback.difference)}`;
  }
}

/** Why a package is not in the bundle, as a phrase. */
export const outsideText: Record<OutsideReason, string> = {
  ...obstacles,
  native: "has a native addon",
  needed: "is needed by one of these",
};
