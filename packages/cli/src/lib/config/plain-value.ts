/** The error for a value that JSON can't represent, with its path. */
export class PlainValueError extends Error {
  override readonly name = "PlainValueError";
}

/** Deeper than any description. */
const DEEPEST = 50;

/** Copies a value for JSON, and throws where JSON.stringify() would omit or change something. */
export function plainValue(value: unknown, path = "", above: readonly unknown[] = []): unknown {
  const fail = (what: string): never => {
    throw new PlainValueError(`${path === "" ? "the default export" : path} is ${what}`);
  };
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : fail(String(value));
  if (typeof value !== "object") return fail(value === undefined ? "undefined" : `a ${typeof value}`);
  if (above.includes(value)) return fail("an object that contains itself");
  if (above.length === DEEPEST) return fail(`more than ${DEEPEST} objects deep`);
  const within = [...above, value];
  if (Array.isArray(value))
    return Array.from(value, (_, index) => plainValue(value[index], `${path}[${index}]`, within));
  if (typeof (value as PromiseLike<unknown>).then === "function")
    return fail("a promise; write await before it");
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype, whose prototype is also null.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return fail(`an object of the class ${value.constructor?.name ?? "without a name"}`);
  return Object.fromEntries(
    Object.keys(value).flatMap((key) => {
      const member = memberPath(path, key);
      const inside = read(value, key, member);
      // Undefined fields are omitted, as in the types.
      return inside === undefined ? [] : [[key, plainValue(inside, member, within)]];
    }),
  );
}

function read(object: object, key: string, path: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch (error) {
    throw new PlainValueError(`reading ${path} throws an error: ${String(error)}`);
  }
}

function memberPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
