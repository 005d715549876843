import process from "node:process";
import { expect, it } from "vitest";
import { untilRestart } from "./failed-start.ts";
import { type JournalEntry, entryOf } from "./journal.ts";

const [root, other, own] = ["0", "1700", String(process.getuid?.())];

it.each<[string, boolean, Record<string, string>, string, "app" | "systemd"]>([
  [
    "systemd",
    false,
    { _UID: root, _SYSTEMD_UNIT: "init.scope", UNIT: "a@1.service" },
    "a@1.service",
    "systemd",
  ],
  [
    "systemd, after the change of user",
    false,
    { _UID: other, _SYSTEMD_UNIT: "a@1.service", UNIT: "a@1.service" },
    "a@1.service",
    "systemd",
  ],
  ["the app", false, { _UID: other, _SYSTEMD_UNIT: "a@1.service" }, "a@1.service", "app"],
  [
    "the app, about another unit",
    false,
    { _UID: other, _SYSTEMD_UNIT: "a@1.service", UNIT: "b@1.service" },
    "a@1.service",
    "app",
  ],
  [
    "another user, about the unit",
    false,
    { _UID: other, _SYSTEMD_UNIT: "user@1700.service", UNIT: "a@1.service", COREDUMP_UNIT: "a@1.service" },
    "user@1700.service",
    "app",
  ],
  [
    "a unit of a user with the same name",
    false,
    { _UID: other, _SYSTEMD_UNIT: "user@1700.service", _SYSTEMD_USER_UNIT: "a@1.service" },
    "user@1700.service",
    "app",
  ],
  [
    "the manager of a user with a unit of the same name",
    false,
    { _UID: other, _SYSTEMD_UNIT: "user@1700.service", USER_UNIT: "a@1.service" },
    "user@1700.service",
    "app",
  ],
  ["the user's own manager", true, { _UID: own, USER_UNIT: "a@1.service" }, "a@1.service", "systemd"],
  ["the user's own app", true, { _UID: own, _SYSTEMD_USER_UNIT: "a@1.service" }, "a@1.service", "app"],
  ["another user's app", true, { _UID: other, _SYSTEMD_USER_UNIT: "a@1.service" }, "", "app"],
  ["another user's manager", true, { _UID: other, USER_UNIT: "a@1.service" }, "", "app"],
  [
    "a unit of the system",
    true,
    { _UID: root, _SYSTEMD_UNIT: "a@1.service", UNIT: "a@1.service" },
    "",
    "app",
  ],
])("says which unit a line is about: %s", (_, user, fields, unit, from) => {
  expect(entryOf({ MESSAGE: "said", ...fields }, user)).toMatchObject({ unit, from });
});

it("the lines of a failed start end before systemd starts it again", () => {
  const lines: Partial<JournalEntry>[] = [
    { message: "Starting shop@blue.service" },
    { message: "Main process exited", exit: { code: "exited", status: "1" } },
    { message: "Failed with result 'exit-code'.", result: "exit-code" },
    { message: "Scheduled restart job, restart counter is at 1.", isRestart: true },
    { message: "Starting shop@blue.service" },
  ];
  const entries = lines as JournalEntry[];
  expect(untilRestart(entries)).toEqual(entries.slice(0, 3));
  expect(untilRestart(entries.slice(0, 3))).toEqual(entries.slice(0, 3));
});
