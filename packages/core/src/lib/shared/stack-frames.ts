import { dirname } from "node:path";

/** Where a frame of a stack is, such as `/srv/app/server.js:12:5`. Undefined for a frame of Node itself. */
export function placeOf(frame: string): string | undefined {
  return /(?:^|[ (]|file:\/\/)(\/[^()]*:\d+:\d+)\)?$/.exec(frame)?.[1];
}

/**
 * Where the app has called the code that made an error. Undefined if all of the stack is in the folder of
 * that code, as in a bundle, or in packages, and if the app makes something else of stacks.
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
