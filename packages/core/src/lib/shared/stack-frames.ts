import { dirname } from "node:path";

/** The place of a stack frame, such as `/srv/app/server.js:12:5`. Undefined for a frame of Node. */
export function placeOf(frame: string): string | undefined {
  return /(?:^|[ (]|file:\/\/)(\/[^()]*:\d+:\d+)\)?$/.exec(frame)?.[1];
}

/**
 * Where the app called the code that created an error. Undefined if the whole stack is in that code's folder,
 * as in a bundle, or in packages, or if the app customizes stacks.
 */
export function placeInApp(error: Error): string | undefined {
  try {
    const places = String(error.stack)
      .split("\n")
      .flatMap((frame) => placeOf(frame) ?? []);
    const own = dirname(places[0] ?? "");
    return places.find((place) => dirname(place) !== own && !place.includes("/node_modules/"));
  } catch {
    return undefined;
  }
}
