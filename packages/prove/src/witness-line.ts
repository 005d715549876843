/** What the app has done, as the witness in its process has seen it. */
export interface WitnessLine {
  readonly what: string;
  readonly pid: number;
  readonly [detail: string]: unknown;
}

type Is = (value: unknown) => boolean;

const isString: Is = (value) => typeof value === "string";
const isNumber: Is = (value) => typeof value === "number";
const isScalar: Is = (value) => value === null || ["string", "number", "boolean"].includes(typeof value);

const isListOf =
  (is: Is): Is =>
  (value) =>
    Array.isArray(value) && value.every(is);

/** Whether it is an object with the values that are required. Every other value is a scalar. */
const isObject =
  (required: Readonly<Record<string, Is>>, optional: Readonly<Record<string, Is>> = {}): Is =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(required).every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, each]) => (required[key] ?? optional[key] ?? isScalar)(each));

const arePlaces = isListOf(isObject({ file: isString, line: isNumber, column: isNumber }));
/** They are paths, whatever has them. */
const paths = { file: isString, path: isString, target: isString };
const areOpen = isListOf(isObject({ kind: isString, count: isNumber, places: arePlaces }, paths));

const isLine = isObject(
  { what: isString },
  {
    ...paths,
    places: arePlaces,
    active: areOpen,
    groups: areOpen,
    waits: isListOf(isObject({ kind: isString, places: arePlaces }, paths)),
    listeners: isListOf(isObject({ places: arePlaces })),
    modules: isListOf(isObject({ file: isString, ms: isNumber })),
    sockets: isListOf(isNumber),
    command: isListOf(isString),
  },
);

/**
 * Reads a line of the witness. Returns undefined if it is not of the witness: the app may write there too, and
 * the disk may be full in the middle of a line.
 *
 * @param revive as for JSON.parse()
 */
export function readWitnessLine(
  text: string,
  pid: number,
  revive: (key: string, value: unknown) => unknown,
): WitnessLine | undefined {
  try {
    const line: unknown = JSON.parse(text, revive);
    return isLine(line) ? { ...(line as WitnessLine), pid } : undefined;
  } catch {
    return undefined;
  }
}
