import fc from "fast-check";
import { constants } from "node:os";
import { expect, test } from "vitest";
import {
  askLibsystemd,
  describeWith,
  type LibsystemdAnswer,
  type ListenVariables,
  systemdVersion,
} from "@sockact/testkit";
import { type Answer, answer, OPEN } from "./listen-environment.ts";

const numbers = [
  ..."1 2 3 0 -1 +1 01 010 08 0x1 0X1 0x 0xg 0b1 0B10 0b 0b2 0o7 0o8 0O1 0b+1 0o-1 -0b1 +0b1 0b0b1 0x-1 1.5 1e0 1_0 ١ - + 00 000001".split(
    " ",
  ),
  ..."40 41 1048576 1048577 2147483643 2147483644 2147483645 2147483647 2147483648 -2147483648 -2147483649".split(
    " ",
  ),
  ..."9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 -18446744073709551615 99999999999999999999x".split(
    " ",
  ),
  "",
  " ",
  " 1",
  "\t1",
  "\n1",
  "\r1",
  "1 ",
  "1\n",
  "+ 1",
  " +1",
  "abc",
  "1x",
];
const ownPid = ["$PID", " $PID", "+$PID", "0$PID", "$PID ", "$PIDx", "-$PID", "1", "4294967296", ...numbers];
const names = [
  "",
  "a",
  ":",
  "a:",
  ":a",
  "a:b",
  "a:b:c",
  "a:a",
  "::",
  "a\\:b",
  "a\\b",
  "\\a:b",
  "a\\",
  "a\\\\",
  "a\\\\\\",
  "\\",
  "\\:",
  "é:ü",
  " a : b ",
  "a b",
  '"a:b"',
  "'a':b",
];

const table: ListenVariables[] = [
  {},
  { LISTEN_FDS: "1" },
  { LISTEN_PID: "$PID" },
  ...ownPid.map((LISTEN_PID) => ({ LISTEN_PID, LISTEN_FDS: "1" })),
  ...numbers.map((LISTEN_FDS) => ({ LISTEN_PID: "$PID", LISTEN_FDS })),
  ...names.flatMap((LISTEN_FDNAMES) =>
    ["1", "2", "3", "x"].map((LISTEN_FDS) => ({ LISTEN_PID: "$PID", LISTEN_FDS, LISTEN_FDNAMES })),
  ),
  ...names.map((LISTEN_FDNAMES) => ({ LISTEN_PID: "1", LISTEN_FDS: "1", LISTEN_FDNAMES })),
  ...numbers.map((LISTEN_PIDFDID) => ({ LISTEN_PID: "$PID", LISTEN_FDS: "1", LISTEN_PIDFDID })),
];

const text = fc.oneof(
  fc.stringMatching(/^[ \t]?[-+]?(0[xXbBoO]?)?[0-9a-f]{0,5}[ x]?$/),
  fc.constantFrom(...numbers, ...names),
  fc.string({ unit: fc.constantFrom(...Array.from("0123456789abxXoO+- \t\n\r:\\éz")), maxLength: 8 }),
);
const environment: fc.Arbitrary<ListenVariables> = fc.record(
  {
    LISTEN_PID: fc.oneof(
      { weight: 8, arbitrary: fc.constant("$PID") },
      { weight: 1, arbitrary: fc.constantFrom(...ownPid) },
      { weight: 1, arbitrary: text },
    ),
    LISTEN_FDS: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 5 }).map(String) },
      { weight: 1, arbitrary: text },
    ),
    LISTEN_FDNAMES: fc.oneof(
      fc.array(fc.stringMatching(/^[a-z\\]{0,3}$/), { maxLength: 5 }).map((list) => list.join(":")),
      text,
    ),
    LISTEN_PIDFDID: text,
  },
  { requiredKeys: [] },
);

describeWith({ systemd: 209 }, "sockact reads the environment as libsystemd does", () => {
  test(`in a table of ${table.length} environments, each row of the documented protocol among them`, () => {
    expect(table.length).toBeGreaterThan(200);
    expect(differences(table)).toEqual([]);
  });

  const randomDifferences = (numRuns: number): object[] => {
    const random = fc.sample(environment, { numRuns, seed: 20_260 });
    // If most random environments failed at the first variable, the test would prove little.
    expect(
      random.filter((env) => env.LISTEN_PID === "$PID" && /^[1-5]$/.test(env.LISTEN_FDS ?? "")).length,
    ).toBeGreaterThan(numRuns / 10);
    return differences(random);
  };

  test("in 2,000 random environments", () => expect(randomDifferences(2000)).toEqual([]));

  test("in 200,000 random environments", { tags: "campaign" }, () =>
    expect(randomDifferences(200_000)).toEqual([]),
  );
});

function differences(environments: readonly ListenVariables[]): object[] {
  const { pid, answers } = askLibsystemd(environments, OPEN);
  return environments.flatMap((template, index) => {
    const env = Object.fromEntries(
      Object.entries(template).map(([name, value]) => [name, value.replaceAll("$PID", String(pid))]),
    );
    const theirs = answers[index] as LibsystemdAnswer;
    const ours = answer(env, pid);
    const same =
      theirs.result === ours.result &&
      JSON.stringify(theirs.names) === JSON.stringify(ours.names) &&
      theirs.left.every(unknownHere);
    return same || isDeliberate(env, ours, theirs.result) ? [] : [{ env, ours, theirs }];
  });
}

const version = systemdVersion() ?? 0;

/** LISTEN_PIDFDID exists since systemd 259. */
function unknownHere(variable: string): boolean {
  return variable === "LISTEN_PIDFDID" && version < 259;
}

/** The intended differences. Each is in the documentation of parseListenEnvironment(). */
function isDeliberate(env: ListenVariables, { result, code }: Answer, theirs: number): boolean {
  // libsystemd splits the names before it knows for which process the sockets are. sockact does not read the
  // names for another process.
  const trailingBackslash = /(^|[^\\])(\\\\)*\\$/.test(env.LISTEN_FDNAMES ?? "");
  if (trailingBackslash && theirs === -constants.errno.EINVAL && result <= 0) return true;
  // libsystemd looks at the descriptors before it counts the names. This function does not look at
  // descriptors. Both refuse the environment.
  if (code === "SOCKACT_ERR_LISTEN_FDNAMES" && theirs === -constants.errno.EBADF) return true;
  // The C library decides how a sign before 0b, or a second 0b, is read. systemd writes plain decimals.
  const isOddBinary = [env.LISTEN_PID, env.LISTEN_PIDFDID, env.LISTEN_FDS].some((value) =>
    /^\s*(?:[+-]|0b)0b/i.test(value ?? ""),
  );
  if (isOddBinary && theirs === -constants.errno.EINVAL) return true;
  // The variable exists since systemd 259. libsystemd then knows the pidfd ID of its process, which Node
  // can't find out.
  if (unknownHere("LISTEN_PIDFDID")) return code === "SOCKACT_ERR_LISTEN_PIDFDID";
  return env.LISTEN_PIDFDID !== undefined && theirs === 0 && result !== 0;
}
