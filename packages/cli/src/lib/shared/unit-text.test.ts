import { expect, it } from "vitest";
import { valuesOf } from "./unit-text.ts";

it("reads the values that systemd reads", () => {
  const text =
    "[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\nDynamicUser=yes\nDynamicUser=\n[Socket]\nListenStream=80\n";
  expect(valuesOf(text, "Environment")).toEqual(["B=2"]);
  // systemd ignores an empty boolean.
  expect(valuesOf(text, "DynamicUser")).toEqual(["yes"]);
  expect(valuesOf(text, "ListenStream")).toEqual(["80"]);
  expect(valuesOf(text, "User")).toEqual([]);
});
