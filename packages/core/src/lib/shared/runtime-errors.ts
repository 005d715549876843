import { statSync } from "node:fs";
import process from "node:process";
import { ActivationError } from "./errors.ts";
import { isBun } from "./runtime.ts";

type RuntimeLimit = NonNullable<ActivationError["limit"]>;

const SAME_WITH_NODE = "Run the service with Node: ExecStart=/usr/bin/node ….";

const WITHOUT_TLS = "Let the proxy or the load balancer in front decrypt, or run the service with Node.";

const bun: Partial<Record<RuntimeLimit, [message: string, hint: string]>> = {
  sockets: [
    "can't listen on a socket that was passed",
    "Use Bun 1.4 or newer, or run the service with Node: ExecStart=/usr/bin/node ….",
  ],
  connection: ["can't serve a connection that was passed (Accept=yes)", SAME_WITH_NODE],
  tls: ["can't use TLS on a socket that was passed", WITHOUT_TLS],
  proxyProtocol: ["does not let sockact read the PROXY header of a connection", SAME_WITH_NODE],
  cluster: [
    "can't listen on a socket that was passed to the primary of node:cluster",
    "Listen in one process, or run the service with Node.",
  ],
};

const deno: Partial<Record<RuntimeLimit, [message: string, hint: string]>> = {
  permission: [
    "does not let sockact find the sockets that were passed in /proc/self/fd",
    "Deno allows that only with --allow-all: ExecStart=/usr/bin/deno run --allow-all …. The sandbox of systemd can restrict the process.",
  ],
  datagram: ["can't bind a socket of node:dgram to a UDP socket that was passed", SAME_WITH_NODE],
};

const both: Partial<Record<RuntimeLimit, [message: string, hint: string]>> = {
  handover: [
    "can't hand over: it does not let sockact replace the listeners of SIGHUP",
    "Leave handover out. At a restart, the connections wait in the socket of systemd.",
  ],
  signals: [
    "calls each listener of a signal itself, so the listeners of the app can't wait for the drain",
    "Leave signals: 'first' (SOCKACT_SIGNALS) out, and move what must run last into onStop.",
  ],
};

/** The error for something that Deno or Bun can't do. */
export function runtimeError(limit: RuntimeLimit): ActivationError {
  const [message, hint] = ((isBun ? bun : deno)[limit] ?? both[limit]) as [string, string];
  const { versions } = process;
  return Object.assign(
    new ActivationError(
      isBun ? "SOCKACT_ERR_BUN" : "SOCKACT_ERR_DENO",
      `${isBun ? `Bun ${versions["bun"]}` : `Deno ${versions["deno"]}`} ${message}`,
      hint,
    ),
    { limit },
  );
}

/** Throws if Deno runs without the permission to look at this descriptor. */
export function checkDenoPermission(fd: number): void {
  try {
    statSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    if ((error as Error).name === "NotCapable") throw runtimeError("permission");
  }
}

/** Throws if Deno or Bun can't do what these settings ask for. */
export function checkRuntime(
  { signals, handover }: { signals: unknown; handover: boolean },
  isActivated: boolean,
): void {
  if (signals === "first") throw runtimeError("signals");
  if (handover && isActivated) throw runtimeError("handover");
}
