// An app whose copy of sockact can't work: because of another copy, or because no file can be opened.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Runs the code, and then listens with these options. Returns the error of `listen()`. */
function listenAfter(code: string, options: object): unknown {
  const program = `
    const { openSync } = require("node:fs");
    const { listen } = require("@sockact/core");
    ${code};
    listen(require("node:http").createServer(), ${JSON.stringify({ port: 0, ...options })}).then(
      () => process.exit(),
      ({ code, message, hint }) => (console.log(JSON.stringify({ code, message, hint })), process.exit()),
    );`;
  const { stdout } = spawnSync(
    "/bin/sh",
    ["-c", 'ulimit -n 60; exec "$@"', "sh", process.execPath, "-e", program],
    {
      cwd: fileURLToPath(new URL("../", import.meta.url)),
      encoding: "utf8",
    },
  );
  return stdout === "" ? undefined : JSON.parse(stdout);
}

const useAllFiles = `try { for (;;) openSync("/dev/null"); } catch {}`;

test("a version that keeps its state in another form is refused at once", () => {
  expect(listenAfter("", {})).toBeUndefined();
  expect(listenAfter(`globalThis[Symbol.for("sockact.0")] = new Map()`, {})).toMatchObject({
    code: "SOCKACT_ERR_VERSIONS",
    hint: expect.stringContaining("npm ls @sockact/core") as string,
  });
});

test("an option whose code can't be loaded, because all file descriptors are in use, has an error with a hint", () => {
  expect(listenAfter(useAllFiles, { idleTimeout: "5s" })).toMatchObject({
    code: "SOCKACT_ERR_TOO_MANY_FILES",
    message: expect.stringContaining("EMFILE") as string,
    hint: expect.stringContaining("LimitNOFILE=") as string,
  });
});
