/** The oldest Node that sockact supports. `engines` of every package promises it. */
export const OLDEST_NODE = "20.19.0";

/** The major versions of Node that sockact supports. */
export const NODE_MAJORS = ["20", "22", "24", "26"];

/**
 * Whether a version of Node, such as 22 or 20.19.0, is older than the oldest supported one. A major version
 * stands for its newest.
 */
export function isTooOld(version: string): boolean {
  const full = version.includes(".") ? version : `${version}.999.0`;
  return full.localeCompare(OLDEST_NODE, "en", { numeric: true }) < 0;
}
