import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  argument,
  executable,
  listItem,
  unescapedUnitName,
  unitNamePart,
  unquotedValue,
} from "./escaping.ts";

/**
 * What systemd.syntax(7) says a quoted or plain word means, specifiers and, for arguments, variables
 * included.
 */
function understood(word: string, variables: boolean): string {
  const quoted = word.startsWith('"');
  if (!quoted && /[\s"'\\;]/.test(word)) throw new Error(`${word} is not one word`);
  const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", '"': '"' };
  const body = quoted ? word.slice(1, -1) : word;
  if (quoted && /(?<!\\)(?:\\\\)*"/.test(body)) throw new Error(`${word} ends early`);
  return body
    .replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex?: string, letter?: string) =>
      hex === undefined ? (escapes[letter!] ?? "?") : String.fromCharCode(parseInt(hex, 16)),
    )
    .replace(variables ? /\$(.)/g : /(?!)/g, "$1")
    .replace(/%(.)/g, "$1");
}

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."\\\"'%$ \n\t\r;#\x01\x7f{}~aé".split("")),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});
const seed = { seed: 20_250_301, numRuns: 1000 };

describe("escaping", () => {
  it.each([
    ["web", "web"],
    ["", '""'],
    [";", '";"'],
    ["--port=80", "--port=80"],
    ["a b", '"a b"'],
    ["it's", `"it's"`],
    ['say "hi"', '"say \\"hi\\""'],
    ["100%", "100%%"],
    ["$HOME", "$$HOME"],
    ["${HOME}", '"$${HOME}"'],
    ["C:\\x", '"C:\\\\x"'],
    ["a\nb\tc\rd", '"a\\nb\\tc\\rd"'],
    ["\x01\x7f", '"\\x01\\x7f"'],
    ["é", '"é"'],
  ])("writes the argument %j as %s", (value, written) => {
    expect(argument(value)).toBe(written);
  });

  it("leaves $ single where systemd expands no variables", () => {
    expect(executable("/srv/$a/100%")).toBe("/srv/$a/100%%");
    expect(listItem("A=$x")).toBe("A=$x");
    expect(unquotedValue("$5 for 100%")).toBe("$5 for 100%%");
  });

  it("gives back any argument, and any assignment, to a reader that follows systemd.syntax(7)", () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(!value.includes("\0"));
        expect(understood(argument(value), true)).toBe(value);
        expect(understood(listItem(value), false)).toBe(value);
      }),
      seed,
    );
  });

  it("escapes characters that a unit name cannot contain as systemd-escape does", () => {
    expect(unitNamePart("my api/v1%")).toBe("my\\x20api\\x2fv1\\x25");
    expect(unescapedUnitName("app-my\\x20api.socket")).toBe("app-my\\\\x20api.socket");
  });
});
