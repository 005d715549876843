import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ActivationError } from "./errors.ts";

test("an error that libsystemd does not have is printed without an errno", () => {
  const printed = inspect(new ActivationError("SOCKACT_ERR_OPTION", "no", "yes"));
  expect(printed).toContain("code: 'SOCKACT_ERR_OPTION'");
  expect(printed).not.toContain("errno");
  expect(inspect(new ActivationError("SOCKACT_ERR_LISTEN_FDS", "no", "yes", { errno: -22 }))).toContain(
    "errno: -22",
  );
});

test("an error of another copy of the package is an instance, and no other error is", () => {
  const ofCopy = Object.assign(new Error("no"), {
    name: "ActivationError",
    code: "SOCKACT_ERR_OPTION",
    hint: "yes",
  });
  expect(ofCopy).toBeInstanceOf(ActivationError);
  expect(new Error("no")).not.toBeInstanceOf(ActivationError);
  expect(Object.assign(new Error("no"), { code: "ENOENT" })).not.toBeInstanceOf(ActivationError);
});
