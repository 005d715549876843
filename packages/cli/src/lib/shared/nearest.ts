import { nearestAmong } from "@sockact/shared/nearest";

/** Asks whether one of these names is meant. `undefined` if there are none. */
export function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${names.join(" or ")}?`;
}

/** The names similar to `name`: the most similar one, or else those with this prefix. */
export function nearestNames(name: string, among: Iterable<string>): string[] {
  const names = [...new Set(among)];
  const near = nearestAmong(names)(name);
  if (near !== undefined) return [near];
  const start = name.toLowerCase();
  return start === "" ? [] : names.filter((other) => other.toLowerCase().startsWith(start)).slice(0, 3);
}
