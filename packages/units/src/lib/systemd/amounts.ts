/** Parses an integer as strtol(3) does: decimal, or with 0x, 0o, 0b or a leading 0. */
export function wholeOf(text: string): number | undefined {
  const [, sign = "", digits = ""] =
    /^([+-]?)(0x[\da-f]+|0o[0-7]+|0b[01]+|0[0-7]*|[1-9]\d*)$/i.exec(text) ?? [];
  if (digits === "") return undefined;
  const value = /^0\d/.test(digits) ? parseInt(digits, 8) : Number(digits);
  return sign === "-" ? -value : value;
}

const sizeUnits = ["E", "P", "T", "G", "M", "K", "B", ""];

/**
 * Parses bytes to the base of 1024, as in 1G, 1.5M or 1G 512M. Returns `undefined` if the value is not a
 * size.
 */
export function bytesOf(text: string): number | undefined {
  const part = /[ \t]*\+?(\d+)(?:\.(\d*))?[ \t]*([EPTGMKB]?)/y;
  let sum = 0;
  let smallest = -1;
  for (part.lastIndex = 0; part.lastIndex < text.length;) {
    const [, digits, fraction = "", unit = ""] = part.exec(text) ?? [];
    const at = sizeUnits.indexOf(unit);
    if (digits === undefined || at <= smallest) return undefined;
    smallest = at;
    sum += Number(`${digits}.${fraction || "0"}`) * 1024 ** Math.max(0, 6 - at);
  }
  return text === "" || sum >= 2 ** 64 ? undefined : sum;
}
