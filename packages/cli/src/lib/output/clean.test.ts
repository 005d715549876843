import { expect, it } from "vitest";
import { clean, printable } from "./clean.ts";

it("leaves out what changes a terminal, or the order of letters", () => {
  const text = "a\u001B]0;mine\u0007b\u001B[31mc\rd\u009B2Je\u202Ef\u2066g\u2028h\u200Fi\tj\nk";
  expect(clean(text)).toBe("abcdefghi\tj\nk");
  expect(printable("a\u202Eb\u001Bc\n")).toBe("a?b?c?");
});
