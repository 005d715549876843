// Examples of ways to run a service: with WebSockets, as a cluster, with TLS, with a handover, in two instances, and behind nginx.
import { Load, type PrivateSystemd, watchProcess } from "@sockact/testkit";
import { expect } from "vitest";
import { testExamples } from "./lib/test-examples.ts";

/** Sends requests to `/` during an action and after it, and returns the results. Each answer must match the pattern. */
async function loadDuring(systemd: PrivateSystemd, answer: string, action: () => Promise<unknown>) {
  const requests = [{ method: "GET", path: "/" }];
  const options = { url: "http://localhost", connections: 4, requests, answer };
  await using kept = await Load.start(systemd, "busy", { ...options, keepAlive: true });
  await using fresh = await Load.start(systemd, "busy", { ...options, keepAlive: false });
  await action();
  await Promise.all([kept.round(), fresh.round()]);
  return await Promise.all([kept.result(), fresh.result()]);
}

/** Fails if a request fails, or a connection is reset, during an action. */
async function expectNoFailureDuring(...[systemd, answer, action]: Parameters<typeof loadDuring>) {
  for (const { failed, resets } of await loadDuring(systemd, answer, action))
    expect({ failed, resets }).toEqual({ failed: {}, resets: 0 });
}

/** The text that each match of the pattern captures in the output of a terminal. */
const all = (shown: string, pattern: RegExp): string[] =>
  Array.from(shown.matchAll(pattern), ([, found]) => found!);

const acknowledgesAll = /(\d+) messages sent, \1 acknowledged/;

testExamples({
  websockets: {
    alone: {
      "acknowledges each message": ({ shown }) => {
        expect(shown).toMatch(acknowledgesAll);
        expect(shown).toContain("Closed with code 1005");
      },
    },
    service: {
      "closes WebSockets with code 1001, and no message is lost": ({ shown }) => {
        expect(shown).toContain("Closed with code 1001");
        expect(shown).not.toContain("Closed with code 1006");
        const processes = new Set(all(shown, /Process (\d+) acknowledges/g));
        expect(processes.size).toBe(2);
        expect(shown).toMatch(acknowledgesAll);
      },
    },
  },

  cluster: {
    alone: {
      "answers from a worker": ({ shown }) => {
        const listening = all(shown, /Worker (\d+) is listening/g);
        expect(listening).toContain(all(shown, /worker (\d+)/g)[0]);
      },
    },
    service: {
      "answers while one of two workers is killed, and replaces that worker": async ({ shown, systemd }) => {
        const counts = all(shown, /^ +(\d+) worker \d+/gm);
        expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(20);
        const service = "example-cluster.service";
        await systemd.waitForJournal(service, /Worker \d+ ended with SIGKILL/);
        const primary = await systemd.show(service, "MainPID");
        const workers = async () =>
          (await systemd.mustRun(["pgrep", "--parent", primary])).trim().split("\n");
        await systemd.waitUntil(async () => (await workers()).length === 2, "there are two workers again");
        expect(await systemd.show(service, "NRestarts")).toBe("0");
      },
      "refuses no connection while workers are killed, and loses only requests that they had accepted":
        async ({ systemd }) => {
          const primary = await systemd.show("example-cluster.service", "MainPID");
          const results = await loadDuring(systemd, String.raw`^worker \d+\n$`, () =>
            systemd.mustRun(["pkill", "--signal", "KILL", "--newest", "--parent", primary]),
          );
          for (const { failed, lost } of results) {
            expect(failed).not.toHaveProperty("ECONNREFUSED");
            expect(lost).toBeLessThanOrEqual(4);
          }
        },
    },
  },

  "tls-credentials": {
    commands: ["openssl"],
    alone: {
      "speaks HTTP on port 3000, and HTTPS on a passed socket": ({ shown }) => {
        expect(all(shown, /hello over (\w+)/g)).toEqual(["http", "https"]);
      },
    },
    service: {
      "serves the renewed certificate after a reload, in the same process": ({ shown }) => {
        const serials = all(shown, /serial=(\w+)/g);
        expect(serials).toHaveLength(2);
        expect(new Set(serials).size).toBe(2);
        const processes = all(shown, /hello over https from process (\d+)/g);
        expect(processes).toHaveLength(2);
        expect(new Set(processes).size).toBe(1);
      },
      "has a key that only root can read": async ({ systemd }) => {
        const stat = ["stat", "--format=%U %a"];
        const key = "/etc/example-tls-credentials/key.pem";
        expect(await systemd.mustRun([...stat, key])).toBe("root 600\n");
        // The copy of the service is in a separate folder.
        expect(await systemd.mustRun([...stat, "/run/example-tls-credentials/"])).toMatch(/ 700$/m);
      },
      "closes no connection during a reload": async ({ systemd, type }) => {
        const client = ["openssl", "s_client", "-connect", "localhost:443"];
        await using open = watchProcess(systemd.spawn([...client, "-brief", "-crlf", "-ign_eof"]));
        await open.line(/CONNECTION ESTABLISHED/);
        open.write("GET / HTTP/1.1");
        await type("npm run certificate; npx sockact reload example-tls-credentials");
        open.write("Host: localhost\nConnection: close\n");
        await open.line(/hello over https/);
        expect(await open.ended).toBe(0);
      },
    },
  },

  handover: {
    alone: {
      "answers with its version": ({ shown }) => {
        expect(shown).toMatch(/version 1, port \d+$/m);
      },
    },
    service: {
      "answers the same connection with version 1, and then with version 2": ({ shown }) => {
        const counted = Array.from(shown.matchAll(/^ +\d+ (version \d), port (\d+)/gm));
        expect(counted.map(([, version]) => version)).toEqual(["version 1", "version 2"]);
        expect(new Set(counted.map(([, , port]) => port)).size).toBe(1);
      },
      "fails to reload a version that does not start, and version 2 still answers": ({ shown }) => {
        const [, after] = shown.split("The reload has failed.");
        expect(shown).toContain("version.txt must contain a number; got broken");
        expect(after).toMatch(/version 2, port \d+[^]*version 3, port \d+/);
      },
      "fails no request under load, and never restarts": async ({ systemd, type }) => {
        await expectNoFailureDuring(systemd, String.raw`^version [34], port \d+\n$`, () =>
          type("echo 4 >version.txt; npx sockact reload example-handover"),
        );
        expect(await type("curl --silent http://localhost/")).toContain("version 4");
        expect(await systemd.show("example-handover.service", "NRestarts")).toBe("0");
      },
    },
  },

  "rolling-restart": {
    alone: {
      "answers with its version": ({ shown }) => {
        expect(shown).toMatch(/version 1$/m);
      },
    },
    service: {
      "switches to version 2 while version 1 still answers": ({ shown }) => {
        expect(shown).toContain("and no client waited");
        expect(shown).toMatch(/^ +\d+ version 1$/m);
        expect(shown).toMatch(/version 2$/m);
        expect(shown).not.toContain("No such process");
      },
      "fails no request under load": async ({ systemd, type }) => {
        await expectNoFailureDuring(systemd, String.raw`^version [23]\n$`, () =>
          type("echo 3 >version.txt; npx sockact restart example-rolling-restart"),
        );
        expect(await type("curl --silent http://localhost/")).toContain("version 3");
      },
    },
  },

  nginx: {
    commands: ["nginx"],
    alone: {
      "answers on port 3000 without nginx": ({ shown }) => {
        expect(shown).toMatch(/\{"client":"(?:::1|127\.0\.0\.1)","protocol":"http"/);
      },
    },
    prepare: (systemd) => systemd.mustRun(["mkdir", "-p", "/var/log/nginx", "/var/lib/nginx"]),
    service: {
      "sees the client's address, and no forged one": ({ shown }) => {
        const clients = all(shown, /"client":"([^"]*)"/g);
        expect(clients).toEqual(["::1", "::1", "::1"]);
      },
      "fails no request during the restart in the README": ({ shown }) => {
        const [before, , after] = all(shown, /"pid":(\d+)/g);
        expect(after).not.toBe(before);
        expect(shown).not.toContain("No such process");
      },
      "lets only nginx's group connect": async ({ shown, systemd }) => {
        expect(shown).toMatch(/^srw-rw---- \d+ root www-data /m);
        const ask = ["curl", "--silent", "--unix-socket", "/run/example-nginx.sock", "http://localhost/"];
        const as = (id: string) =>
          systemd.run(["setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", ...ask]);
        expect(await as("65534"), "nobody").toMatchObject({ code: 7 });
        expect(await as("33"), "www-data").toMatchObject({ code: 0 });
      },
      "restarts under load, and nginx never answers 502": async ({ systemd }) => {
        await expectNoFailureDuring(systemd, '"client":"::1"', () =>
          systemd.restart("example-nginx.service"),
        );
        // nginx itself is not part of the example.
        await systemd.stop("nginx.service");
      },
    },
  },
});
