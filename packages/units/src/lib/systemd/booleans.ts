/** What systemd takes for true and for false, in upper case too. */
const truths = /^(?:1|y|yes|t|true|on)$/i;
const falsehoods = /^(?:0|n|no|f|false|off)$/i;

/** A boolean of systemd.syntax(7), or `undefined` if it is none. */
export function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  return truths.test(text) ? true : falsehoods.test(text) ? false : undefined;
}
