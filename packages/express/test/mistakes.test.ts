import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type AppProcess, freeAddress, httpRequest, socketActivate, startProcess } from "@sockact/testkit";

const program = fileURLToPath(new URL("apps/mistakes.mjs", import.meta.url));

describe("a mistake is told at once, with its cause", () => {
  async function start(
    mistake: string,
    env: Record<string, string> = {},
  ): Promise<[app: AppProcess, address: string]> {
    const address = await freeAddress("tcp4");
    const app = await socketActivate([address], [process.execPath, program, mistake], { env });
    return [app, address];
  }

  describe.concurrent("an Express app", () => {
    test.each(["express4", "express"])(
      "of %s that listens twice gets a message that says why the second server does not listen",
      async (FRAMEWORK) => {
        const [app, address] = await start("listen() twice", { FRAMEWORK });
        await using _ = app;
        // In Express 4, nothing handles the error of the second server, so the process ends with it.
        const said =
          FRAMEWORK === "express"
            ? /SOCKACT_WARN_NOT_LISTENING.*SOCKACT_ERR_SOCKET_CLAIMED/
            : /fatal: SOCKACT_ERR_SOCKET_CLAIMED/;
        await app.line(said);
        if (FRAMEWORK === "express4") return;
        await app.line(/second: listening/);
        expect((await httpRequest(address)).status).toBe(404);
      },
    );

    test("that calls systemdListen() after listen() gets a warning", async () => {
      const [app] = await start("systemdListen() after listen()");
      await using _ = app;
      const port = (await app.line(/^port/)).split(" ")[1];
      expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain(
        `The app listens on port ${port} instead, because systemdListen() was called after listen()`,
      );
      await app.line(/Call systemdListen\(\) before listen\(\)/);
    });

    test("that is wrapped in a function, and listens on its own port, gets a warning", async () => {
      const [app] = await start("an app in a function");
      await using _ = app;
      const port = (await app.line(/^port/)).split(" ")[1];
      expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain(
        `only another server of this process listens, on port ${port}`,
      );
      await app.line(/sockact can't see an app that is wrapped in a function/);
    });

    test.each(["express4", "express"])(
      "of %s whose `onListen` is rejected ends with the error, although listen() has a callback",
      async (FRAMEWORK) => {
        const [app] = await start("a ready that rejects", { FRAMEWORK });
        await using _ = app;
        expect(await app.ended).toBe(1);
        expect(app.stderr).toContain("Error: no database");
        expect(app.stderr).not.toContain("sockact: ready");
      },
    );

    test("that imports sockact and does not call systemdListen() gets a warning", async () => {
      const [app] = await start("no systemdListen()");
      await using _ = app;
      expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain("systemdListen() was not called");
    });

    test("whose router was passed systemdListen() gets a warning before the first request", async () => {
      const [app] = await start("a router");
      await using _ = app;
      expect(await app.line(/SOCKACT_WARN_UNSEEN/)).toContain("was not passed to an Express app");
      await app.line(/Write systemdListen\(\{ app \}\)/);
    });

    test("in a process with another server, which listens first, gets no warning", async () => {
      const [app, address] = await start("another server first");
      await using _ = app;
      expect((await httpRequest(address)).status).toBe(404);
      app.kill("SIGTERM");
      await app.ended;
      expect(app.stderr).not.toContain("SOCKACT");
    });
  });
});

test("an argument after the options is refused, because JavaScript would ignore it", async () => {
  const code = `import { systemdListen } from "@sockact/express"; systemdListen({}, { name: "web" });`;
  await using app = startProcess([process.execPath, "--input-type=module", "--eval", code], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  expect(await app.ended).toBe(1);
  expect(app.stderr).toContain("The options must be the last argument; got another one after them");
});
