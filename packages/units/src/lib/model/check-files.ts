/** Throws a `TypeError` unless `files` is an object of texts by file name. */
export function checkFiles(files: unknown): void {
  if (typeof files !== "object" || files === null || Array.isArray(files)) {
    throw new TypeError(`files must be an object of file contents by file name; got ${kindOf(files)}`);
  }
  for (const [name, text] of Object.entries(files)) {
    if (typeof text === "string") continue;
    throw new TypeError(
      `files[${JSON.stringify(name)}] must be a string with the content; got ${kindOf(text)}`,
    );
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
