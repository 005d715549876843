/** Why libsystemd rejects a number: `EINVAL` if it is not a number, `ERANGE` if it does not fit. */
export type IntegerFault = "EINVAL" | "ERANGE";

const DIGITS: Record<number, RegExp> = {
  2: /^[01]*/,
  8: /^[0-7]*/,
  10: /^[0-9]*/,
  16: /^[0-9a-fA-F]*/,
};
const LITERAL_PREFIX: Record<number, string> = { 2: "0b", 8: "0o", 10: "", 16: "0x" };

/**
 * Parses an integer as systemd's `safe_atoi()` and similar functions do. They call strtol(3) with base 0, and
 * check that nothing follows. So ` 1`, `+1`, `01`, `0x1` and `0b1` are numbers, and `1 `, `1.5` and `1e0` are
 * not.
 */
export function parseCInteger(text: string, limits: { min: bigint; max: bigint }): bigint | IntegerFault {
  // systemd writes numbers like this. Other forms take longer to parse, and a client may be waiting.
  if (/^[1-9][0-9]{0,17}$/.test(text)) return checkLimits(BigInt(text), limits);
  let rest = text.replace(/^[ \t\n\r]+/, "");
  let base: number | undefined;
  // systemd removes Python's prefixes before it calls strtol(), so a sign may follow such a prefix, but not
  // precede it.
  const prefix = /^0([bBoO])/.exec(rest)?.[1]?.toLowerCase();
  if (prefix !== undefined) {
    base = prefix === "b" ? 2 : 8;
    rest = rest.slice(2);
  }
  const [, sign, magnitude] = /^[ \t\n\v\f\r]*([+-]?)([^]*)$/.exec(rest) as unknown as [
    string,
    string,
    string,
  ];
  [base, rest] = strtolBase(magnitude, base);
  const digits = DIGITS[base]?.exec(rest)?.[0] ?? "";

  const absolute = digits === "" ? 0n : BigInt(LITERAL_PREFIX[base] + digits);
  const value = sign === "-" ? -absolute : absolute;
  // Overflow comes first, because strtol() sets errno whatever follows the digits.
  if (absolute >= 1n << 64n) return "ERANGE";
  if (digits === "" || digits.length !== rest.length) return "EINVAL";
  return checkLimits(value, limits);
}

function checkLimits(value: bigint, { min, max }: { min: bigint; max: bigint }): bigint | "ERANGE" {
  return value < min || value > max ? "ERANGE" : value;
}

/**
 * The base that strtol(3) chooses, and the string after the prefix. C23 (glibc 2.38) added the prefix `0b`.
 */
function strtolBase(text: string, base: number | undefined): [number, string] {
  if ((base ?? 2) === 2 && /^0[bB][01]/.test(text)) return [2, text.slice(2)];
  if (base !== undefined) return [base, text];
  if (/^0[xX][0-9a-fA-F]/.test(text)) return [16, text.slice(2)];
  return [text.startsWith("0") ? 8 : 10, text];
}
