import { basename } from "node:path";
import type { PreparedInstall } from "../install/install.ts";
import { clean } from "../shared/clean.ts";
import { colour } from "../shared/messages.ts";
import type { WantedService } from "./services.ts";
import { valuesOf } from "../shared/unit-text.ts";
import { changedDirectives, serviceText } from "./unit-text.ts";

/** The addresses of the app's sockets, or of the socket that answers probes. */
function listensOn({ units, description }: WantedService, isHealth: boolean): string {
  const health = `${description.name}-health.socket`;
  const addresses = Object.entries(units)
    .filter(([unit]) => unit.endsWith(".socket") && (unit === health) === isHealth)
    .flatMap(([, text]) =>
      ["ListenStream", "ListenDatagram", "ListenSequentialPacket"].flatMap((key) => valuesOf(text, key)),
    );
  return addresses.map((address) => (/^\d+$/.test(address) ? `port ${address}` : address)).join(", ");
}

function runsAs(text: string, isUsers: boolean): string {
  const [user] = valuesOf(text, "User");
  if (isUsers) return "you";
  return user ?? "a separate user, which exists only while the service runs";
}

const sandboxes = {
  inbound: "only answers: it opens no connection, and writes no file",
  outbound: "writes only to its own folder, sees no home folders",
  none: "none",
} as const;

function sandboxOf({ description: { hardening = "outbound", name, stateDirectory } }: WantedService): string {
  const profile = typeof hardening === "string" ? hardening : (hardening.profile ?? "outbound");
  const folder = stateDirectory === undefined ? `/var/lib/${name}` : "its own folder";
  return profile === "outbound"
    ? `${profile}: reads what every user may read, writes only to ${folder}`
    : `${profile}: ${sandboxes[profile]}`;
}

function takesSocket({
  description: { preload, environment },
  app,
  extraFiles,
}: WantedService): string | undefined {
  if (app === undefined && !preload) return undefined;
  if (!preload)
    return app?.hasSockact === true || app?.takesOneSocket === true
      ? "the app uses them itself"
      : "the app does not use them: it does not call sockact";
  const port = environment?.["SOCKACT_PORT"];
  const receiver = typeof port === "string" ? `the server on port ${port}` : "the app";
  return extraFiles.length > 0
    ? `a preload passes them to ${receiver}: your code stays as it is`
    : `@sockact/register in the app's node_modules passes them to ${receiver}`;
}

/** The summary that the user agrees to: the command that will run, and the files. */
export function summary(service: WantedService, prepared: PreparedInstall, notes: readonly string[]): string {
  const { description, app } = service;
  const text = serviceText(service);
  const rows: [string, string | undefined][] = [
    ["runs", valuesOf(text, "ExecStart")[0] ?? valuesOf(text, "Image")[0]],
    ["folder", valuesOf(text, "WorkingDirectory")[0]],
    ["as", runsAs(text, description.manager === "user")],
    ["listens on", listensOn(service, false)],
    ["probes on", listensOn(service, true)],
    ["sockets", takesSocket(service)],
    ["sandbox", description.manager === "user" ? undefined : sandboxOf(service)],
  ];
  const width = process.stderr.columns || 80;
  const shown = rows
    .filter((row): row is [string, string] => row[1] !== undefined && row[1] !== "")
    .map(([label, value]) => `  ${colour("dim", label.padEnd(11))} ${wrap(clean(value), width - 14, 14)}`);
  const files = [
    ...prepared.files.flatMap(({ path, state, previous, text: wanted }) => [
      `  ${stateText(state)} ${path}`,
      ...(state === "changed" && basename(path) in service.units
        ? changedDirectives(previous ?? "", wanted.toString()).map(
            (line) => `${" ".repeat(12)}${wrap(clean(line), width - 14, 14)}`,
          )
        : []),
    ]),
    ...prepared.removed.map((path) => `  ${colour("red", "removed".padEnd(9))} ${path}`),
  ];
  const framework = app?.framework === undefined ? "" : colour("dim", ` (${app.framework})`);
  return [
    `${colour("bold", description.name)}${framework}`,
    ...shown,
    "",
    ...files,
    ...(notes.length > 0
      ? ["", ...notes.map((note) => `${colour("yellow", "!")} ${wrap(clean(note), width - 2, 2)}`)]
      : []),
    "",
  ].join("\n");
}

function stateText(state: "new" | "changed" | "same"): string {
  const style = { new: "green", changed: "yellow", same: "dim" } as const;
  return colour(style[state], (state === "same" ? "as it is" : state).padEnd(9));
}

/** Breaks a string between words. Each line but the first has this indent. A word that is too long stays whole. */
function wrap(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
