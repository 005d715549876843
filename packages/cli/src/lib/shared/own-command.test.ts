import { describe, expect, it, vi } from "vitest";
import { commandsIn, ownCommand, sameCommand, serviceCommand } from "./own-command.ts";

/** Calls a function as sockact would: with these variables, as root or as a user, with these arguments. */
function as<T>(
  { uid = 1000, argv = [], ...env }: { uid?: number; argv?: string[] } & Record<string, unknown>,
  print: () => T,
): T {
  vi.stubEnv("npm_command", "").stubEnv("npm_lifecycle_event", "").stubEnv("SUDO_UID", undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value as string);
  vi.spyOn(process, "getuid").mockReturnValue(uid);
  const before = [process.execPath, process.argv] as const;
  process.execPath = "/usr/bin/node";
  process.argv = ["/usr/bin/node", "/usr/bin/sockact", ...argv];
  try {
    return print();
  } finally {
    [process.execPath, process.argv] = before;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
}

describe("a printed command", () => {
  it.each([
    ["of a program on the path", {}, "sockact status", "sudo sockact restart 'my shop'"],
    ["of npx", { npm_command: "exec" }, "npx sockact status", "sudo npx sockact restart 'my shop'"],
    [
      "of a script of npm",
      { npm_command: "run-script" },
      "npx sockact status",
      "sudo npx sockact restart 'my shop'",
    ],
    ["in a root shell", { uid: 0 }, "sockact status", "sockact restart 'my shop'"],
    ["under sudo", { uid: 0, SUDO_UID: "1000" }, "sockact status", "sudo sockact restart 'my shop'"],
  ])("%s calls the program, as root if it has to", (_, env, status, restart) => {
    expect(as(env, () => ownCommand("status"))).toBe(status);
    expect(as(env, () => serviceCommand("restart", "my shop", false))).toBe(restart);
  });

  it("for a user needs no root, and help needs none", () => {
    expect(as({}, () => serviceCommand("restart", "shop", true))).toBe("sockact restart shop --user");
    expect(as({}, () => ownCommand("install", "--help"))).toBe("sockact install --help");
  });

  it("in a text is replaced", () => {
    const text = "sudo sockact restart shop && sockact status | less";
    expect(as({ npm_command: "exec", uid: 0 }, () => commandsIn(text))).toBe(
      "npx sockact restart shop && npx sockact status | less",
    );
  });

  it("that runs now is repeated as root, or for the user", () => {
    expect(as({ argv: ["install", "my app.js"] }, () => sameCommand())).toBe(
      "sudo sockact install 'my app.js'",
    );
    expect(as({ argv: ["install", "--user"] }, () => sameCommand())).toBe("sockact install --user");
  });
});
