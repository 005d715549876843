/** The JSON objects that a terminal has shown, such as the answers of an app. */
export function jsonIn(shown: string): Record<string, unknown>[] {
  return Array.from(shown.matchAll(/\{"[^{}]*\}/g), ([text]) => JSON.parse(text) as Record<string, unknown>);
}
