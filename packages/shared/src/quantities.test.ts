import { expect, it } from "vitest";
import { agoText, bytesText, tookText } from "./quantities.ts";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1536, "1.5 kB"],
  [48 * 1024 ** 2, "48 MB"],
  [1020 * 1024 ** 2, "1.0 GB"],
  [3 * 1024 ** 5, "3072 TB"],
])("writes %i bytes as %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

it.each([
  [84.4, "84 ms"],
  [999.6, "1.0 s"],
  [1234, "1.2 s"],
  [9_960, "10 s"],
  [59_900, "1 min"],
  [65_000, "1 min 5 s"],
  [119_700, "2 min"],
])("writes %d ms as %s", (milliseconds, text) => expect(tookText(milliseconds)).toBe(text));

it.each([
  [-5, "0 s"],
  [59, "59 s"],
  [60, "1 min"],
  [3600 * 5, "5 h"],
  [86_400 * 40, "40 d"],
])("writes a time %i s ago as %s", (seconds, text) => {
  const now = new Date("2026-01-31T12:00:00Z");
  expect(agoText(new Date(now.getTime() - seconds * 1000), now)).toBe(text);
});
