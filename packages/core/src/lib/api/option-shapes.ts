export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The type of a value, and the keys of an object. It has no values, because they may be private keys. */
export function shapeOf(value: unknown): string {
  if (isObject(value)) return `{ ${Object.keys(value).join(", ")} }`;
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
