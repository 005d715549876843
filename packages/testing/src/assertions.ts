import assert from "node:assert/strict";

/** Asserts that a value has these properties. It may have others. */
export function assertMatches(actual: unknown, expected: object, message?: string): void {
  assert.deepEqual(select(actual, expected), expected, message);
}

/** Asserts that a list has these items. It may have others. */
export function assertIncludes<T>(actual: readonly T[], expected: readonly T[], message?: string): void {
  assert.deepEqual(
    expected.filter((item) => !actual.includes(item)),
    [],
    message ?? `[${actual.join(", ")}] has all of [${expected.join(", ")}]`,
  );
}

/** The properties of `actual` that `expected` has too, at each depth. */
function select(actual: unknown, expected: unknown): unknown {
  if (!isObject(actual) || !isObject(expected)) return actual;
  return Object.fromEntries(Object.keys(expected).map((key) => [key, select(actual[key], expected[key])]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
