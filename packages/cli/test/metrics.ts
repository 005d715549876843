// What the tests of `sockact metrics` have in common: collectors in a private systemd.
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { PrivateSystemd } from "@sockact/testkit";
import { rolldown } from "rolldown";
import { sockact } from "./services.ts";

/** The samples of an app, by metric. A label besides `app` follows in braces. */
export type Values = Record<string, number>;

interface Sample {
  labels: Record<string, string>;
  suffix?: string;
  value: number;
}

function valuesOf(app: string, name: string, samples: readonly Sample[]): [string, number][] {
  return samples
    .filter(({ labels }) => labels["app"] === app)
    .map(({ labels, suffix = "", value }) => {
      const others = Object.entries(labels).filter(([label]) => label !== "app");
      const more = others.map(([, text]) => text).join(",");
      return [`${name.replace(/^sockact_/, "")}${suffix}${more === "" ? "" : `{${more}}`}`, value];
    });
}

/** The values of an app, as `sockact metrics --json` prints them. */
export async function printedValues(systemd: PrivateSystemd, app: string): Promise<Values> {
  const { stdout } = await sockact(systemd, "metrics", "--json");
  const { metrics } = JSON.parse(stdout) as { metrics: { name: string; samples: Sample[] }[] };
  return Object.fromEntries(metrics.flatMap(({ name, samples }) => valuesOf(app, name, samples)));
}

const path = "/run/collect.mjs";

/** Puts the program of {@link CollectorInside} into the system. */
export async function installCollector(systemd: PrivateSystemd): Promise<void> {
  const input = new URL("programs/collect.ts", import.meta.url).pathname;
  const bundle = await rolldown({ input, platform: "node" });
  const { output } = await bundle.generate({ format: "es", codeSplitting: false });
  await systemd.write(path, output[0].code);
}

/** A collector that runs inside. */
export class CollectorInside {
  readonly #child;
  readonly #lines: NodeJS.AsyncIterator<string>;
  /** What apps had recorded of their own at the last sample, and what was wrong with it until then. */
  own: { text: string; problems: string[] } = { text: "", problems: [] };

  constructor(
    systemd: PrivateSystemd,
    options: { follow?: boolean; trust?: number; state?: string; ofApps?: boolean } = {},
  ) {
    this.#child = systemd.spawn([systemd.node, path, JSON.stringify(options)]);
    const lines: Interface = createInterface({ input: this.#child.stdout! });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** The values of each app. */
  async sample(): Promise<(app: string) => Values> {
    this.#child.stdin!.write("\n");
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("the collector has ended");
    const { samples, ...own } = JSON.parse(value) as typeof this.own & {
      samples: (Sample & { metric: string })[];
    };
    this.own = own;
    return (app) => Object.fromEntries(samples.flatMap((sample) => valuesOf(app, sample.metric, [sample])));
  }

  async close(): Promise<void> {
    const closed = once(this.#child, "close");
    this.#child.stdin!.end();
    await closed;
  }
}
