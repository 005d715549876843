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
