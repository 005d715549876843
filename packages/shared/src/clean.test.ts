import { expect, it } from "vitest";
import { clean, cleanAroundColours, jsonText, printable } from "./clean.ts";

it("leaves out what changes a terminal, or the order of letters", () => {
  const text = "a\u001B]0;mine\u0007b\u001B[31mc\rd\u009B2Je\u202Ef\u2066g\u2028h\u200Fi\tj\nk";
  expect(clean(text)).toBe("abcdefghi\tj\nk");
  expect(printable("a\u202Eb\u001Bc\n")).toBe("a?b?c?");
});

it("keeps colours where they may be ours, and writes JSON that is the same value", () => {
  expect(cleanAroundColours("\u001B[31ma\u001B[0m\u001B]0;b\u0007\u001B[2Jc\u009B2J")).toBe(
    "\u001B[31ma\u001B[0mc",
  );
  const value = { message: "\u009B2J\u007F\u202Ee\u2028\u001B" };
  expect(jsonText(value)).toBe(String.raw`{"message":"\u009b2J\u007f\u202ee\u2028\u001b"}`);
  expect(JSON.parse(jsonText(value))).toEqual(value);
});
