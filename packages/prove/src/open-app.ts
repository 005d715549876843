import { type Address, App } from "./app.ts";
import type { Installation, Machine } from "./machine.ts";
import type { ProveOptions } from "./options.ts";

/** Installs an app as its user would. */
export function installApp(
  machine: Machine,
  entry: string | undefined,
  { config, installOptions = [] }: ProveOptions,
): Promise<Installation> {
  return machine.install([
    ...(config === undefined ? [] : ["--config", config]),
    ...installOptions,
    // Its name may begin with a hyphen.
    ...(entry === undefined ? [] : ["--", entry]),
  ]);
}

/** Whether it answers HTTP. */
export const isAnswer = ({ outcome }: Installation["answers"][number]): boolean => outcome === "http";

/** The installed app. If it answers HTTP, the status of its first answer is the expected one. */
export async function openApp(
  machine: Machine,
  { answers, ...installed }: Installation,
  { requests = [{ method: "GET", path: "/" }], answer, status }: ProveOptions,
): Promise<App> {
  const answered = answers.find(isAnswer);
  const address = addressOf((answered ?? answers[0])?.url ?? "http://localhost");
  const of = (expected: number): App =>
    new App(machine, { ...installed, address, asking: { requests, answer, status: expected } });
  let expected = status;
  if (expected === undefined && answered !== undefined) ({ status: expected } = await of(200).request());
  // Without a status of the user, each answer that says that the app has failed is a failure.
  const app = of(expected === undefined || (status === undefined && expected >= 500) ? 200 : expected);
  await app.limitStops("30s");
  return app;
}

function addressOf(url: string): Address {
  if (url.startsWith("/")) return { host: "localhost", port: 0, secure: false, socketPath: url };
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  return {
    host: hostname === "localhost" ? "127.0.0.1" : hostname.replaceAll(/[[\]]/g, ""),
    port: Number(port || (secure ? 443 : 80)),
    secure,
  };
}
