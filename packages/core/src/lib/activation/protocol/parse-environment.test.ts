import { describe, expect, test } from "vitest";
import { ActivationError } from "../../shared/errors.ts";
import { parseListenEnvironment } from "./parse-environment.ts";

const ours = { LISTEN_PID: "42", LISTEN_FDS: "2" };

function refusal(env: Record<string, string>): ActivationError {
  try {
    parseListenEnvironment(env, 42);
  } catch (error) {
    if (error instanceof ActivationError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("the environment of sd_listen_fds(3)", () => {
  test.each([
    ["names", { ...ours, LISTEN_FDNAMES: "http:https" }, ["http", "https"]],
    ["no names", ours, ["unknown", "unknown"]],
    ["the same name twice", { ...ours, LISTEN_FDNAMES: "web:web" }, ["web", "web"]],
    ["an empty name", { ...ours, LISTEN_FDNAMES: "web:" }, ["web", ""]],
    ["one empty name", { LISTEN_PID: "42", LISTEN_FDS: "1", LISTEN_FDNAMES: "" }, [""]],
    ["a colon after a backslash", { LISTEN_PID: "42", LISTEN_FDS: "1", LISTEN_FDNAMES: "a\\:b" }, ["a:b"]],
  ])("%s", (_, env, names) => {
    expect(parseListenEnvironment(env, 42)).toEqual({ activated: true, names });
  });

  test.each([
    ["nothing at all", {}, "LISTEN_PID is not set"],
    ["no count", { LISTEN_PID: "42" }, "LISTEN_FDS is not set"],
    [
      "another process",
      { ...ours, LISTEN_PID: "43" },
      "LISTEN_PID is 43, another process than this one (42)",
    ],
    [
      "another process, and malformed names",
      { ...ours, LISTEN_PID: "43", LISTEN_FDNAMES: "a\\" },
      "LISTEN_PID is 43, another process than this one (42)",
    ],
  ])("sockets for another process are not an error: %s", (_, env, reason) => {
    expect(parseListenEnvironment(env, 42)).toEqual({ activated: false, reason });
  });

  test("LISTEN_PIDFDID distinguishes an earlier process with our process ID, if we know our own pidfd ID", () => {
    const env = { ...ours, LISTEN_PIDFDID: "7" };
    expect(parseListenEnvironment(env, 42, 7n)).toMatchObject({ activated: true });
    expect(parseListenEnvironment(env, 42)).toMatchObject({ activated: true });
    expect(parseListenEnvironment(env, 42, 8n)).toEqual({
      activated: false,
      reason: "LISTEN_PIDFDID is 7, of an earlier process with the pid 42",
    });
    expect(
      parseListenEnvironment({ ...ours, LISTEN_PIDFDID: "18446744073709551615" }, 42, 2n ** 64n - 1n),
    ).toMatchObject({ activated: true });
  });

  test.each([
    [{ LISTEN_PID: "abc" }, "SOCKACT_ERR_LISTEN_PID", 'LISTEN_PID is malformed: "abc"'],
    [{ LISTEN_PID: "0" }, "SOCKACT_ERR_LISTEN_PID", 'LISTEN_PID is out of range: "0"'],
    [{ ...ours, LISTEN_PIDFDID: "-1" }, "SOCKACT_ERR_LISTEN_PIDFDID", 'LISTEN_PIDFDID is out of range: "-1"'],
    [{ ...ours, LISTEN_PIDFDID: "" }, "SOCKACT_ERR_LISTEN_PIDFDID", 'LISTEN_PIDFDID is malformed: ""'],
    [{ ...ours, LISTEN_FDS: "1e0" }, "SOCKACT_ERR_LISTEN_FDS", 'LISTEN_FDS is malformed: "1e0"'],
    [
      { ...ours, LISTEN_FDS: "2147483648" },
      "SOCKACT_ERR_LISTEN_FDS",
      'LISTEN_FDS is out of range: "2147483648"',
    ],
    [
      { ...ours, LISTEN_FDS: "2000000000" },
      "SOCKACT_ERR_FD_NOT_OPEN",
      "LISTEN_FDS announces 2000000000 file descriptors, more than a process can have",
    ],
    [
      { ...ours, LISTEN_FDNAMES: "one" },
      "SOCKACT_ERR_LISTEN_FDNAMES",
      "LISTEN_FDNAMES has 1 names (one) for 2 file descriptors",
    ],
    [
      { ...ours, LISTEN_FDNAMES: "a:b\\" },
      "SOCKACT_ERR_LISTEN_FDNAMES",
      'LISTEN_FDNAMES is malformed: "a:b\\\\"',
    ],
  ])("%j is refused: %s", (env, code, message) => {
    const error = refusal(env);
    expect(error).toMatchObject({ code, message });
    expect(error.hint).toMatch(/\.$/);
    expect(error.errno).toBeLessThan(0);
  });
});
