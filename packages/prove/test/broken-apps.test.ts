// Apps with the usual mistakes of their authors. See the comment of each app for what happens to it with sockact: some
// mistakes are harmless there, and then the promise holds.
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import type { CheckId, Report } from "../src/index.ts";
import { openTestApps } from "./test-apps.ts";

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
    app: "library",
    what: "ends at SIGHUP",
    check: "reload",
    code: "SOCKACT_PROVE_SIGHUP",
    place: "server.js:14",
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

describeWith({ privateSystemd: true, systemd: 253 }, "sockact prove", () => {
  const { tryApp } = openTestApps(
    "broken",
    broken.map(({ app }) => app),
  );

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
  test.for(others)("finds that $app $what", { tags: "campaign", timeout: 600_000 }, finds);
});

const isOfStop = ({ check }: Broken): boolean => check === "stop";

function placeOf({ places: [place] }: Report["checks"][number]["causes"][number]): string {
  return place === undefined ? "" : `${place.file}:${place.line}`;
}
