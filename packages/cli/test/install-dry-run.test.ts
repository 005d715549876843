import { expect, it } from "vitest";
import { appThatServicesSee, folderWith } from "./app-folder.ts";
import { sockactIn } from "./outcome.ts";

it.each([[[]], [["--user"]]])(
  "sockact install --dry-run %j needs no systemd, as in a container, and says what it has not checked",
  (options) => {
    const folder = appThatServicesSee({
      "package.json": { name: "shop" },
      "server.js": `require("node:http").createServer().listen(3000);\n`,
    });
    // Nothing but what looks up users.
    const path = folderWith({ getent: { link: "/usr/bin/getent" } });
    const args = ["install", "server.js", "--dry-run", ...options];
    const { status, stdout, stderr } = sockactIn(folder, args, { PATH: path });
    expect(stderr.replaceAll(/\s+/g, " ")).toContain("systemd does not run here. Not checked: ");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^# \/.*\/shop\.socket\n/) as string,
    });
    // What it would do, it can't.
    expect(sockactIn(folder, [...args.slice(0, 2), ...options, "--yes"], { PATH: path })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("Run it on a machine with systemd.") as string,
    });
  },
);
