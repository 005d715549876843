/** systemd's words for true and false, in any case. */
const truths = /^(?:1|y|yes|t|true|on)$/i;
const falsehoods = /^(?:0|n|no|f|false|off)$/i;

/** A boolean of systemd.syntax(7), or `undefined` if the value is not one. */
export function booleanOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  return truths.test(text) ? true : falsehoods.test(text) ? false : undefined;
}
