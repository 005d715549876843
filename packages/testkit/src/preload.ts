/** Variables of a process. With them, Node loads `file` before the app, whatever command starts it. */
export function preloading(file: string | undefined): Record<string, string> {
  // Node reads a path with a space only in quotes.
  return file === undefined ? {} : { NODE_OPTIONS: `--require=${JSON.stringify(file)}` };
}
