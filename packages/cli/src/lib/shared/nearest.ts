import { nearestAmong } from "@sockact/shared/nearest";

/** The question whether one of these names is meant. `undefined` if there are none. */
export function didYouMean(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `Did you mean ${names.join(" or ")}?`;
}

/**
 * The names that someone who wrote `name` may have meant: the one that is spelt alike, or else those that
 * begin so.
 */
export function nearestNames(name: string, among: Iterable<string>): string[] {
  const names = [...new Set(among)];
  const near = nearestAmong(names)(name);
  if (near !== undefined) return [near];
  const start = name.toLowerCase();
  return start === "" ? [] : names.filter((other) => other.toLowerCase().startsWith(start)).slice(0, 3);
}
