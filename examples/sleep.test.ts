// Apps that sleep.
import { join } from "node:path";
import { expect } from "vitest";
import { testExamples } from "./lib/test-examples.ts";

/** A status without the log, and with fixed values in place of times and memory. */
function masked(status: string | undefined): string {
  return (status ?? "")
    .replaceAll("/usr/local/bin/node", "/usr/bin/node")
    .replace(/\d+ s ago, ready after .*/, "4 s ago, ready after 270 ms")
    .replace(/pid \d+, user (\S+), \d+ MB/, "pid 1387, user $1, 71 MB");
}

const output = (name: string): string => join(import.meta.dirname, `../docs/outputs/${name}.txt`);

testExamples({
  "scale-to-zero": {
    alone: {
      "answers on its own port, and when a connection starts it": ({ shown }) => {
        expect(shown.match(/I am awake/g)).toHaveLength(2);
      },
    },
    service: {
      "uses memory while it is awake, and none while it sleeps": async ({ shown }) => {
        const statuses = shown.match(/● example-scale-to-zero [^]*?(?=\n\n)/g);
        await expect(`${masked(statuses?.[0])}\n`).toMatchFileSnapshot(output("scale-to-zero-awake"));
        await expect(`${masked(statuses?.[1])}\n`).toMatchFileSnapshot(output("scale-to-zero-asleep"));
      },
      "wakes with the next request, in a new process": ({ shown }) => {
        const [first, second] = Array.from(shown.matchAll(/I am awake","pid":(\d+)/g), ([, pid]) => pid);
        expect(second).toMatch(/^\d+$/);
        expect(second).not.toBe(first);
        expect(shown).toMatch(/}[\d.]+ s$/m);
      },
    },
  },
  metrics: {
    commands: ["dbus-daemon"],
    alone: {
      "answers on its own port": ({ shown }) => {
        expect(shown).toContain("Hello from an app that counts");
      },
    },
    // useradd and userdel leave files behind. Create these files before the example runs.
    prepare: (systemd) =>
      systemd.mustRun([
        "sh",
        "-ec",
        `useradd --system sockact-metrics
        userdel sockact-metrics
        for file in passwd shadow group gshadow; do cp /etc/$file /etc/$file-; done`,
      ]),
    service: {
      "has counted all visits, and sleeps": async ({ shown }) => {
        const [metrics] = /^# HELP visits_total [^]*?^(?:in)?active\n/m.exec(shown) ?? [];
        await expect(metrics).toMatchFileSnapshot(output("app-metrics"));
      },
    },
  },
  bundle: {
    alone: {
      "answers on its own port, and on a socket that it is passed": ({ shown }) => {
        expect(shown.match(/"framework":"bundle"/g)).toHaveLength(2);
      },
    },
    service: {
      "starts with a request after a stop": ({ shown }) => {
        expect(shown).toMatch(/Hello from one file<\/h1>\n[\d.]+ s$/m);
      },
      "succeeds each time it stops": async ({ systemd }) => {
        await systemd.stop("example-bundle.service");
        expect(await systemd.show("example-bundle.service", "Result")).toBe("success");
      },
    },
  },
});
