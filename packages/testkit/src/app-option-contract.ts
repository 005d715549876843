import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { socketActivate } from "../../testing/src/activated-process.ts";
import { freeAddress } from "../../testing/src/addresses.ts";
import { startProcess } from "../../testing/src/app-process.ts";
import { httpRequest } from "../../testing/src/http-request.ts";

/** An adapter whose `systemdListen({ app })` is tested. */
export interface AppOptionUnderTest {
  /** The package of the adapter. */
  adapter: string;
  /** What the adapter accepts, as app-option.mjs names it: `an Express app`. */
  accepted: string;
  /** The code that makes an app, as the errors name it: `express()`. */
  source: string;
  /** A module that exports an `app`, which answers `GET /` with `hello`. */
  module: string;
}

/** The promises of `systemdListen({ app })` that adapterContract and namesContract do not show. */
export function appOptionContract({ adapter, accepted, source, module }: AppOptionUnderTest): void {
  describe(`systemdListen({ app }) of ${adapter}`, () => {
    test("the app serves the socket if it is in one file with its framework", async () => {
      const folder = mkdtempSync(join(tmpdir(), "sockact-bundle-"));
      try {
        const outfile = join(folder, "app.cjs");
        const contents = `import { systemdListen } from "${adapter}";
          ${module}
          systemdListen({ app });
          app.listen({ port: 0 });`;
        await build({
          stdin: { contents, resolveDir: import.meta.dirname },
          bundle: true,
          platform: "node",
          format: "cjs",
          outfile,
        });
        const address = await freeAddress("tcp4");
        await using app = await socketActivate([address], [process.execPath, outfile]);
        expect((await httpRequest(address)).body).toBe("hello");
        expect(app.stderr).not.toContain("Warning");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("whatever is not an app of the framework is refused at once", async () => {
      const program = join(import.meta.dirname, "app-option.mjs");
      await using running = startProcess([process.execPath, program, adapter]);
      const { answers, direct } = await running.event<{
        answers: Record<string, string>;
        direct: string[];
      }>("answered");
      expect(direct).toEqual(["SOCKACT_ERR_OPTION: Write systemdListen({ app })."]);
      const refused = `SOCKACT_ERR_OPTION: Write const app = ${source}; systemdListen({ app });`;
      expect(answers).toEqual(
        Object.fromEntries(
          Object.keys(answers).map((name) => [name, name === accepted ? "accepted" : refused]),
        ),
      );
      expect(Object.values(answers)).toContain("accepted");
    });
  });
}
