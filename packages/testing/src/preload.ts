/** Environment variables with which Node loads `file` before the app, whatever command starts it. */
export function preloading(file: string | undefined): Record<string, string> {
  // A path with a space needs quotes.
  return file === undefined ? {} : { NODE_OPTIONS: `--require=${JSON.stringify(file)}` };
}
