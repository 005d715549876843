// Apps with the usual mistakes of their authors, and healthy ones. See the comment of each app for what happens to it
// with sockact: some mistakes are harmless there, and then the promise holds.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWith, PackedPackages } from "@sockact/testkit";
import { folderOf, installNpmApp } from "../../testkit/src/install-npm-app.ts";
import { unmodifiedApps } from "../../testkit/src/unmodified-apps.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CheckId, prove, type ProveOptions, type Report } from "../src/index.ts";
import { installTestApp } from "./install-test-app.ts";

const tmp = fileURLToPath(new URL("../tmp/apps/", import.meta.url));

/** What is wrong with an app, and where. */
interface Broken {
  readonly app: string;
  readonly what: string;
  readonly check: CheckId;
  readonly code: string;
  readonly place: string;
}

const broken: readonly Broken[] = [
  {
    app: "guestbook",
    what: "calls process.exit() at SIGTERM",
    check: "stop",
    code: "SOCKACT_PROVE_EXIT",
    place: "server.js:19",
  },
  {
    app: "prices",
    what: "closes all connections at SIGTERM",
    check: "stop",
    code: "SOCKACT_PROVE_CLOSE",
    place: "lib/stop-server.js:4",
  },
  {
    app: "weather",
    what: "closes its server at SIGTERM, and has a timer",
    check: "stop",
    code: "SOCKACT_PROVE_OPEN",
    place: "server.js:11",
  },
  {
    app: "thumbnails",
    what: "has a pool of threads that it never ends",
    check: "stop",
    code: "SOCKACT_PROVE_OPEN",
    place: "server.js:8",
  },
  {
    app: "chat",
    what: "does nothing at SIGTERM",
    check: "stop",
    code: "SOCKACT_PROVE_SIGTERM",
    place: "server.js:19",
  },
  {
    app: "reports",
    what: "starts a process that holds the socket and lives on",
    check: "stop",
    code: "SOCKACT_PROVE_CHILD",
    place: "server.js:7",
  },
  {
    app: "pages",
    what: "opens a file at each request",
    check: "leak",
    code: "SOCKACT_PROVE_DESCRIPTORS",
    place: "server.js:9",
  },
  {
    app: "visits",
    what: "writes to its own folder",
    check: "sandbox",
    code: "SOCKACT_PROVE_WRITE",
    place: "server.js:10",
  },
  {
    app: "orders",
    what: "opens a port of its own",
    check: "sandbox",
    code: "SOCKACT_PROVE_PORT",
    place: "admin.js:8",
  },
  {
    app: "search",
    what: "computes for seconds before it listens",
    check: "start",
    code: "SOCKACT_PROVE_SLOW",
    place: "search-index.js",
  },
  {
    app: "queue",
    what: "does not listen until another server answers",
    check: "start",
    code: "SOCKACT_PROVE_READY",
    place: "server.js:10",
  },
  {
    app: "audit",
    what: "keeps each request",
    check: "leak",
    code: "SOCKACT_PROVE_MEMORY",
    place: "log.js:4",
  },
  {
    app: "rates",
    what: "says that it is ready, and can't answer yet",
    check: "restart",
    code: "SOCKACT_PROVE_WAIT",
    place: "",
  },
  {
    app: "statistics",
    what: "blocks the event loop at each request",
    check: "restart",
    code: "SOCKACT_PROVE_BLOCK",
    place: "keys.js",
  },
];

/** A database beside the app, which its own folder has no rights on. */
const postgres = `set -eu
data=$(mktemp -d); chown postgres "$data"
runuser -u postgres -- initdb --auth=trust --pgdata="$data" >&2
exec runuser -u postgres -- postgres -D "$data" -k "" -h 127.0.0.1 -p 5432`;

const healthy: readonly { app: string; options?: ProveOptions }[] = [
  { app: "shop" },
  { app: "feed" },
  { app: "booking" },
  { app: "nest" },
  { app: "hello" },
  { app: "workers" },
  {
    app: "ledger",
    options: { with: [postgres], installOptions: ["--listen", "80", "--environment-file", "database.env"] },
  },
];

describeWith({ privateSystemd: true, systemd: 253 }, "sockact prove", () => {
  beforeAll(async () => {
    const packed = await PackedPackages.packForRun();
    for (const { app } of [...broken, ...healthy]) installTestApp(packed, app, tmp);
  });
  afterAll(() => rmSync(tmp, { recursive: true, force: true }));

  const finds = async ({ app, check, code, place }: Broken): Promise<void> => {
    const report = await tryApp(app, { only: [check] });
    expect(report).toMatchObject({ held: false, checks: [{ id: check, verdict: "broken" }] });
    const causes = report.checks
      .flatMap(({ causes: all }) => all)
      .map((cause) => [cause.code, placeOf(cause)]);
    expect(causes).toContainEqual([code, expect.stringMatching(`^${place}(?!\\d)`)]);
  };
  // systemd waits for most of these until it kills them.
  const [stops, others] = [broken.filter(isOfStop), broken.filter((each) => !isOfStop(each))];
  // oxlint-disable-next-line vitest/expect-expect -- `finds` has them
  test.concurrent.for(stops)("finds that $app $what", { tags: "campaign", timeout: 300_000 }, finds);
  // oxlint-disable-next-line vitest/expect-expect -- `finds` has them
  test.for(others)("finds that $app $what", { tags: "campaign", timeout: 300_000 }, finds);

  // oxlint-disable-next-line vitest/expect-expect -- `isAccusedOfNothing` has them
  test("accuses an app of Next.js of nothing", { tags: "campaign", timeout: 600_000 }, async () => {
    await installNext();
    isAccusedOfNothing(await tryApp("next", {}));
  });

  // oxlint-disable-next-line vitest/expect-expect -- `isAccusedOfNothing` has them
  test.for(healthy)(
    "accuses $app of nothing",
    { tags: "campaign", timeout: 300_000 },
    async ({ app, options = {} }) => {
      isAccusedOfNothing(await tryApp(app, options));
    },
  );
});

function isAccusedOfNothing({ checks, held }: Report): void {
  expect(checks.filter(({ verdict }) => verdict === "broken")).toEqual([]);
  expect(held).toBe(true);
}

const isOfStop = ({ check }: Broken): boolean => check === "stop";

/** The app of the testkit, built, with the start script that create-next-app writes. */
async function installNext(): Promise<void> {
  const app = unmodifiedApps.find(({ title }) => title === "Next.js, next start")!;
  await installNpmApp(app);
  const folder = join(tmp, "next");
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

const tryApp = (app: string, options: ProveOptions): Promise<Report> =>
  prove(undefined, { folder: join(tmp, app), installOptions: ["--listen", "80"], restarts: 1, ...options });

function placeOf({ places: [place] }: Report["checks"][number]["causes"][number]): string {
  return place === undefined ? "" : `${place.file}:${place.line}`;
}
