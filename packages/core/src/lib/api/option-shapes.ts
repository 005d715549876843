export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The type of a value, and its keys if it is an object. It shows no values, since they may be private keys.
 */
export function shapeOf(value: unknown): string {
  if (isObject(value)) return `{ ${Object.keys(value).join(", ")} }`;
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
