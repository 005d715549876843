// Apps that keep each promise: none is accused of anything.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describeWith } from "@sockact/testkit";
import { folderOf, installNpmApp } from "../../testkit/src/install-npm-app.ts";
import { unmodifiedApps } from "../../testkit/src/unmodified-apps.ts";
import { expect, test } from "vitest";
import type { ProveOptions } from "../src/index.ts";
import { openTestApps } from "./test-apps.ts";

/** A database beside the app, which its own folder has no rights on. */
const postgres = `set -eu
# Debian has these programs in the folder of their version.
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
data=$(mktemp -d); chown postgres "$data"
runuser -u postgres -- initdb --auth=trust --pgdata="$data" >&2
exec runuser -u postgres -- postgres -D "$data" -k "" -h 127.0.0.1 -p 5432`;

const healthy = ["shop", "feed", "booking", "nest", "hello", "workers"];

describeWith({ privateSystemd: true, systemd: 253 }, "sockact prove", () => {
  const { folder, tryApp } = openTestApps("healthy", [...healthy, "ledger"]);

  async function isAccusedOfNothing(app: string, options?: ProveOptions): Promise<void> {
    const { checks, held } = await tryApp(app, options);
    expect(checks.filter(({ verdict }) => verdict === "broken")).toEqual([]);
    expect(held).toBe(true);
  }

  // oxlint-disable-next-line vitest/expect-expect -- `isAccusedOfNothing` has them
  test("accuses an app of Next.js of nothing", { tags: "campaign", timeout: 600_000 }, async () => {
    await installNext(join(folder, "next"));
    await isAccusedOfNothing("next");
  });

  // oxlint-disable-next-line vitest/expect-expect -- `isAccusedOfNothing` has them
  test.for(healthy)("accuses %s of nothing", { tags: "campaign", timeout: 300_000 }, async (app) => {
    await isAccusedOfNothing(app);
  });

  describeWith({ commands: ["pg_createcluster", "runuser"] }, "with a database beside it", () => {
    // oxlint-disable-next-line vitest/expect-expect -- `isAccusedOfNothing` has them
    test("accuses ledger of nothing", { tags: "campaign", timeout: 300_000 }, async () => {
      const installOptions = ["--listen", "80", "--environment-file", "database.env"];
      await isAccusedOfNothing("ledger", { with: [postgres], installOptions });
    });
  });
});

/** The app of the testkit, built, with the start script that create-next-app writes. */
async function installNext(folder: string): Promise<void> {
  const app = unmodifiedApps.find(({ title }) => title === "Next.js, next start")!;
  await installNpmApp(app);
  mkdirSync(folder, { recursive: true });
  for (const name of [".next", "app", "next.config.mjs"])
    cpSync(join(folderOf(app), name), join(folder, name), { recursive: true });
  symlinkSync(relative(folder, join(folderOf(app), "node_modules")), join(folder, "node_modules"));
  const { dependencies } = JSON.parse(readFileSync(join(folderOf(app), "package.json"), "utf8")) as object & {
    dependencies: object;
  };
  const manifest = { name: "next-app", scripts: { start: "next start" }, dependencies };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
}
