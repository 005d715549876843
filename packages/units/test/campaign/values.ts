import { existsSync } from "node:fs";
import { SocketAddress } from "node:net";
import fc from "fast-check";
import type { Duration, Size, Text } from "../../src/index.ts";

/** A value that a description may hold, and what systemd shows of it. */
export interface Said<Value = unknown, Shown = unknown> {
  value: Value;
  shown: Shown;
}

/** Values that systemd shows as they are. */
export function same<Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Said<Value, Value>> {
  return values.map((value) => ({ value, shown: value }));
}

/** An array of values, and of what is shown of each. */
export function list<Value, Shown>(
  entry: fc.Arbitrary<Said<Value, Shown>>,
  minLength = 0,
): fc.Arbitrary<Said<Value[], Shown[]>> {
  return fc.array(entry, { minLength, maxLength: 3 }).map((entries) => ({
    value: entries.map(({ value }) => value),
    shown: entries.map(({ shown }) => shown),
  }));
}

/** A single value, or an array of at least one; shown is an array in both cases. */
export function oneOrMore<Value, Shown>(
  entry: fc.Arbitrary<Said<Value, Shown>>,
): fc.Arbitrary<Said<Value | Value[], Shown[]>> {
  return fc.oneof(
    entry.map(({ value, shown }) => ({ value, shown: [shown] })),
    list(entry, 1),
  );
}

/** What a unit file cannot say: systemd ends a line at NUL, and fails a unit that holds a noncharacter. */
const unspeakable = /[\0\p{Noncharacter_Code_Point}]/u;

const character = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(..."\\\"'%$ \n\t\r;#{}~=:,né".split("")) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 0x7f }).map((code) => String.fromCharCode(code)) },
  {
    weight: 1,
    arbitrary: fc
      .string({ unit: "binary", minLength: 1, maxLength: 1 })
      .filter((text) => !unspeakable.test(text)),
  },
);

/** Each code point that begins with another byte of UTF-8, and those that end with each of the rest. */
const everyByte = [
  ...Array.from({ length: 0xff }, (_, index) => index + 1),
  ...Array.from({ length: 0x1c }, (_, index) => 0x100 + index * 0x40),
  ...Array.from({ length: 0x10 }, (_, index) => Math.max(0x800, index * 0x1000)),
  ...Array.from({ length: 5 }, (_, index) => Math.max(0x1_0000, index * 0x4_0000)),
].map((point) => String.fromCodePoint(point));

/** Any text that a unit can carry. */
export const anyText = fc.oneof(
  { weight: 30, arbitrary: fc.string({ unit: character, maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant(everyByte.join("")) },
);

/** Printable ASCII. */
export function ascii(size: { minLength?: number; maxLength: number }): fc.Arbitrary<string> {
  return fc.string({ unit: "grapheme-ascii", ...size });
}

/** A string that systemd reads without quotes, up to the end of the line. */
export function line(maxLength = 30): fc.Arbitrary<string> {
  return fc
    .string({ unit: character, minLength: 1, maxLength })
    .map((text) => text.replace(/\p{Control}/gu, "-").replace(/^ | $|\\$/g, "_"));
}

/**
 * What systemd shows instead of a specifier. NUL and a letter, which no text holds, stand for what is known
 * once the unit is: `described` puts it there; after a `!` as D-Bus shows an address.
 */
const expansions = {
  "%%": "%",
  "%t": "/run",
  "%S": "/var/lib",
  "%n": "\0n",
  "%N": "\0N",
  "%p": "\0p",
  "%i": "\0i",
};

/** The texts, of which some end in a specifier; in the others a percent sign is itself. */
export function expanding(texts: fc.Arbitrary<Said<string, string>>): fc.Arbitrary<Said<Text, string>> {
  const specifiers = fc.constantFrom(...Object.entries(expansions));
  return fc.oneof(
    { weight: 4, arbitrary: texts },
    {
      weight: 1,
      arbitrary: fc.tuple(texts, specifiers).map(([{ value, shown }, [specifier, expansion]]) => ({
        value: { specifier: value.replaceAll("%", "%%") + specifier },
        shown: shown + expansion,
      })),
    },
  );
}

/** The value with each string in it replaced by another one. */
function rewritten<Value>(value: Value, rewrite: (text: string, key: string) => string, key = ""): Value {
  if (typeof value === "string") return rewrite(value, key) as Value;
  if (Array.isArray(value)) return value.map((entry: unknown) => rewritten(entry, rewrite)) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, rewritten(entry as unknown, rewrite, name)]),
  ) as Value;
}

/** Puts in what specifiers of a unit expand to. */
export function expanded<Shown>(shown: Shown, specifiers: Record<string, string>): Shown {
  return rewritten(shown, (text) =>
    text.replace(/\0(!?)(.)/g, (marker, escaped: string, letter: string) => {
      const { [letter]: expansion = marker } = specifiers;
      return escaped === "" ? expansion : escapedAsInC(expansion);
    }),
  );
}

/** The same for a unit that has no instance, and so no `%i`. */
export function withoutInstance<Value>({ value, shown }: Said<Value>): Said<Value> {
  return {
    value: rewritten(value, (text, key) =>
      key === "specifier" ? text.replace(/(?<!%)((?:%%)*)%i/g, "$1%%") : text,
    ),
    shown: expanded(shown, { i: "%" }),
  };
}

export const flag = same(fc.boolean());

export function count(most: number): fc.Arbitrary<Said<number, number>> {
  return same(fc.oneof(fc.nat(200), fc.constantFrom(0, 1, most)));
}

/** One of these words. */
export function word<Word extends string>(...words: Word[]): fc.Arbitrary<Said<Word, Word>> {
  return same(fc.constantFrom(...words));
}

const modeWith = (needed: number) =>
  fc.tuple(fc.constantFrom("", "0"), fc.nat(0o7777)).map(([zero, random]) => {
    const bits = random | needed;
    const octal = bits.toString(8).padStart(3, "0");
    return { value: octal.length === 4 && zero === "" ? octal : `${zero}${octal}`, shown: bits };
  });

export const mode = modeWith(0);

/** The mode of a socket or its folder that lets the owner and the group in. */
export const openMode = modeWith(0o120);

/** systemd.time(7), in microseconds. */
const spanUnits: readonly (readonly [string, number])[] = (
  [
    ["us usec µs μs", 1],
    ["ms msec", 1000],
    ["s sec second seconds", 1_000_000],
    ["m min minute minutes", 60_000_000],
    ["h hr hour hours", 3_600_000_000],
    ["d day days", 86_400_000_000],
    ["w week weeks", 604_800_000_000],
    ["M month months", 2_629_800_000_000],
    ["y year years", 31_557_600_000_000],
  ] as const
).flatMap(([names, size]) => names.split(" ").map((name) => [name, size] as const));

/** A span of systemd.time(7) whose parts are whole or have one half, and its microseconds. */
export const span = fc
  .array(
    fc.record({
      whole: fc.nat(99),
      half: fc.boolean(),
      unit: fc.constantFrom(...spanUnits),
      space: fc.constantFrom("", " "),
      gap: fc.constantFrom("", " "),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => ({
    value: parts
      .map(({ whole, half, unit: [name], space, gap }) => `${whole}${half ? ".5" : ""}${space}${name}${gap}`)
      .join("") as `${number}${string}`,
    shown: parts.reduce(
      (sum, { whole, half, unit: [, size] }) => sum + whole * size + (half ? Math.floor(size / 2) : 0),
      0,
    ),
  }));

/** A span as text, or 0; shown in microseconds. */
export const duration: fc.Arbitrary<Said<Duration, number>> = fc.oneof(
  { weight: 9, arbitrary: span },
  { weight: 1, arbitrary: fc.constant({ value: 0 as const, shown: 0 }) },
);

/** As JSON.parse() reads 64 bits that are all set, which is how D-Bus shows it. */
export const infinity = { value: "infinity", shown: Number(2n ** 64n - 1n) } as const;

/** A whole part of a path: whatever a file can be named but for what ends a line, and no `..`. */
const fileName = line(8).map((text) => text.replaceAll("/", "|").replace(/^\.+$/, "_"));

/** An absolute path; systemd shows it without the slashes that are too many. */
export const path = fc
  .tuple(fc.array(fileName, { minLength: 1, maxLength: 3 }), fc.constantFrom("/", "//", "/./"))
  .map(([names, slash]) => ({ value: `/${names.join(slash)}`, shown: `/${names.join("/")}` }));

/** The path of something that has no quote and no backslash. */
export const plainPath = path.map(({ value, shown }) => ({
  value: value.replace(/["'\\]/g, "_"),
  shown: shown.replace(/["'\\]/g, "_"),
}));

const unitCharacters = fc.constantFrom(..."abcXYZ019:_.-\\".split(""));

/** The name of units without a suffix, which may be instances. */
export const stem = fc
  .tuple(fc.string({ unit: unitCharacters, maxLength: 12 }), fc.constantFrom("", "", "@blue", "@a\\x2fb"))
  .map(([text, instance]) => `n${text}z${instance}`);

/** Units that need not be there. */
export const otherUnit = same(
  fc
    .tuple(stem, fc.constantFrom("service", "socket", "target", "timer", "path"))
    .map(([name, suffix]) => `${name}.${suffix}`),
);

export const unitName: fc.Arbitrary<Said<Text, string>> = fc.oneof(
  { weight: 6, arbitrary: otherUnit },
  {
    weight: 1,
    arbitrary: fc.constant({ value: { specifier: "%p-other.target" }, shown: "\0p-other.target" }),
  },
);

const name = same(
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom(..."_abZ".split("")),
        fc.string({ unit: fc.constantFrom(..."aZ09_-".split("")), maxLength: 12 }),
      )
      .map((parts) => parts.join("")),
    fc.constantFrom("0", "33", "65534", "4294967294"),
  ),
);

export const account: fc.Arbitrary<Said<Text, string>> = fc.oneof(
  { weight: 8, arbitrary: name },
  { weight: 1, arbitrary: fc.constant({ value: { specifier: "%u" }, shown: "root" }) },
);

const byte = fc.nat(255);

/** An IP address as an address of a port has it, and as inet_ntop(3) writes it. */
const host = fc.oneof(
  same(fc.tuple(byte, byte, byte, byte).map((numbers) => numbers.join("."))),
  fc.ipV6().map((address) => ({
    value: `[${address}]`,
    shown: `[${new SocketAddress({ family: "ipv6", address }).address}]`,
  })),
);

const port = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(1, 80, 443, 65_535));

/** With IPv6, a port alone is one of all addresses of both kinds. */
const everyHost = existsSync("/proc/net/if_inet6") ? "[::]" : "0.0.0.0";

/**
 * How systemd shows the address of a unix socket: quotes, backslashes and what is not ASCII escaped as in C.
 */
function escapedAsInC(text: string): string {
  const escaped = (code: number) =>
    code < 0x80 ? String.fromCharCode(code).replace(/["'\\]/, "\\$&") : `\\${code.toString(8)}`;
  return [...Buffer.from(text)].map(escaped).join("");
}

const unixAddressText = fc
  .oneof(
    path.map(({ value }) => value),
    line(20).map((text) => `@${text}`),
  )
  .map((value) => ({ value, shown: escapedAsInC(value) }));

/**
 * An address of unix(7); with the longest names that the campaign makes it has 107 bytes, and no more can be
 * bound.
 */
export const unixAddress: fc.Arbitrary<Said<Text, string>> = fc.oneof(
  { weight: 3, arbitrary: unixAddressText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { value: { specifier: "/run/%i.sock" }, shown: "/run/\0!i.sock" },
      { value: { specifier: "/run/%n" }, shown: "/run/\0!n" },
      { value: { specifier: "%t/100%%.sock" }, shown: "/run/100%.sock" },
      { value: { specifier: "@%N" }, shown: "@\0!N" },
    ),
  },
);

/** An address of systemd.socket(5). */
export const plainAddress: fc.Arbitrary<Said<string | number, string>> = fc.oneof(
  port.map((value) => ({ value, shown: `${everyHost}:${value}` })),
  port.map((value) => ({ value: String(value), shown: `${everyHost}:${value}` })),
  fc.tuple(host, port).map(([{ value, shown }, number]) => ({
    value: `${value}:${number}`,
    shown: `${shown}:${number}`,
  })),
  unixAddressText,
  same(
    fc
      .tuple(fc.constantFrom("", "2", "3", "4294967294"), fc.integer({ min: 1, max: 4_294_967_294 }))
      .map(([cid, number]) => `vsock:${cid}:${number}`),
  ),
);

export const address: fc.Arbitrary<Said<Text | number, string>> = fc.oneof(
  { weight: 4, arbitrary: plainAddress },
  { weight: 1, arbitrary: unixAddress },
);

const sizes = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
type SizeUnit = keyof typeof sizes;

/** Bytes as a number, at least so many, or with one of these units. */
export function bytes(least: number, ...letters: SizeUnit[]): fc.Arbitrary<Said<Size, number>> {
  const bare = fc.oneof(
    fc.integer({ min: least, max: least + 1_000_000 }),
    fc.constantFrom(least, Number.MAX_SAFE_INTEGER - 1e9),
  );
  return fc.oneof(
    same(bare),
    bare.map((number) => ({ value: `${number}`, shown: number })),
    fc
      .tuple(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom<SizeUnit[]>(...letters))
      .map(([whole, letter]) => ({ value: `${whole}${letter}`, shown: whole * sizes[letter] })),
  );
}

/** What `bytes` gives, or none. */
export function bytesOrNone(least: number, ...letters: SizeUnit[]): fc.Arbitrary<Said<Size, number>> {
  const none = fc.constantFrom<Size[]>(0, "0").map((value) => ({ value, shown: 0 }));
  return fc.oneof({ weight: 9, arbitrary: bytes(least, ...letters) }, { weight: 1, arbitrary: none });
}

const percent = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.constantFrom("", ".5", ".25"));

/** A share of what the machine has, which is not the same everywhere. */
const share = percent.map(([whole, fraction]) => ({
  value: `${whole}${fraction}%`,
  shown: (shown: unknown) => (shown as number) > 0 && (shown as number) < 2 ** 60,
}));

/** An amount, a share, or `infinity`. */
export function amount<Value>(amounts: fc.Arbitrary<Said<Value>>): fc.Arbitrary<Said<Value | string>> {
  return fc.oneof<fc.Arbitrary<Said<Value | string>>[]>(amounts, share, fc.constant(infinity));
}

/** A share of one CPU that a server can work with, in microseconds for each second. */
export const quota = fc.tuple(fc.integer({ min: 5, max: 6400 }), fc.nat(99)).map(([whole, hundredths]) => ({
  value: `${whole}.${String(hundredths).padStart(2, "0")}%` as `${number}%`,
  shown: whole * 10_000 + hundredths * 100,
}));

export function integer(min: number, max: number): fc.Arbitrary<Said<number, number>> {
  return same(fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max)));
}
