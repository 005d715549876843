/** The JSON objects in the output of a terminal, such as the answers of an app. */
export function jsonIn(shown: string): Record<string, unknown>[] {
  return Array.from(shown.matchAll(/\{"[^{}]*\}/g), ([text]) => JSON.parse(text) as Record<string, unknown>);
}
