import { basename } from "node:path";
import process from "node:process";
import { wordsOf } from "../app/command-words.ts";
import { type InstallPlan, type PreparedInstall, withoutHeader } from "../install/install.ts";
import { wrap } from "../output/wrap.ts";
import { clean } from "../shared/clean.ts";
import { colour } from "../shared/messages.ts";
import { assignmentsIn } from "../shared/unit-text.ts";
import { bundleText } from "./bundle.ts";
import { ownValues, type WantedService } from "./wanted-service.ts";

const listenDirectives = ["ListenStream", "ListenDatagram", "ListenSequentialPacket"];

/** The addresses of the app's sockets, or of the health socket. */
function listensOn({ units, description }: WantedService, isHealth: boolean): string {
  const health = `${description.name}-health.socket`;
  const addresses = [...units.files.keys()]
    .filter((unit) => unit.endsWith(".socket") && (unit === health) === isHealth)
    .flatMap((unit) => listenDirectives.flatMap((key) => units.values(unit, "Socket", key)));
  return addresses.map((address) => (/^\d+$/.test(address) ? `port ${address}` : address)).join(", ");
}

function runsAs(service: WantedService): string {
  if (service.description.manager === "user") return "you";
  return ownValues(service, "User")[0] ?? "a separate user, which exists only while the service runs";
}

const sandboxes = {
  inbound: "only answers, opens no connection",
  outbound: "reads what every user may read",
} as const;

function sandboxOf(service: WantedService): string | undefined {
  const { manager, container, hardening = "outbound" } = service.description;
  if (manager === "user" || container !== undefined) return undefined;
  const profile = typeof hardening === "string" ? hardening : (hardening.profile ?? "outbound");
  if (profile === "none") return profile;
  const folders = writableFolders(service);
  const writes = folders.length === 0 ? "writes no file" : `writes only to ${folders.join(", ")}`;
  return `${profile}: ${sandboxes[profile]}, ${writes}`;
}

/** RuntimeDirectory= in systemd.exec(5). The folder of ConfigurationDirectory= belongs to root. */
const createdFolders = {
  StateDirectory: "/var/lib",
  CacheDirectory: "/var/cache",
  LogsDirectory: "/var/log",
  RuntimeDirectory: "/run",
} as const;

function writableFolders(service: WantedService): string[] {
  const listed = (directive: string): string[] =>
    ownValues(service, directive).flatMap((value) => wordsOf(value.replaceAll("%%", "%")));
  return [
    ...Object.entries(createdFolders).flatMap(([directive, parent]) =>
      // `NAME:LINK`
      listed(directive).map((folder) => `${parent}/${folder.split(":")[0]}`),
    ),
    ...listed("ReadWritePaths").map((path) => path.replace(/^[-+]+/, "")),
  ];
}

/** How a new version replaces the old one, if not by a restart. */
function updatesOf({ description: { rolling, handover } }: WantedService): string | undefined {
  if (rolling) return "rolling: the new version answers before the old one stops";
  return handover ? "handover: a reload starts the new version while the old one answers" : undefined;
}

const limits = [
  "MemoryHigh",
  "MemoryMax",
  "MemorySwapMax",
  "CPUQuota",
  "TasksMax",
  "LimitNOFILE",
  "LimitNPROC",
  "LimitCORE",
  "LimitMEMLOCK",
];

function limitsOf(service: WantedService): string {
  return limits
    .flatMap((directive) => ownValues(service, directive).map((value) => `${directive}=${value}`))
    .join(", ");
}

const credentials = [
  "LoadCredential",
  "LoadCredentialEncrypted",
  "SetCredential",
  "SetCredentialEncrypted",
  "ImportCredential",
];

/** The names of the credentials, without their values. */
function credentialsOf(service: WantedService): string {
  return credentials
    .flatMap((directive) => ownValues(service, directive))
    .map((value) => value.split(":")[0]!)
    .join(", ");
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

/** The summary that the user confirms: the command that runs, and the files. */
export function summary(
  service: WantedService,
  prepared: Pick<PreparedInstall, "files" | "plan">,
  notes: readonly string[],
): string {
  const { description, app } = service;
  const rows: [string, string | undefined][] = [
    ["runs", ownValues(service, "ExecStart")[0] ?? ownValues(service, "Image")[0]],
    ["folder", ownValues(service, "WorkingDirectory")[0]],
    ["as", runsAs(service)],
    ["listens on", listensOn(service, false)],
    ["hosts", prepared.plan.site?.hosts.join(", ")],
    ["probes on", listensOn(service, true)],
    ["sockets", takesSocket(service)],
    ["bundle", prepared.plan.bundle && bundleText(prepared.plan.bundle)],
    ["sandbox", sandboxOf(service)],
    ["updates", updatesOf(service)],
    ["limits", limitsOf(service)],
    ["credentials", credentialsOf(service)],
  ];
  const width = process.stderr.columns || 80;
  const shown = rows
    .filter((row): row is [string, string] => row[1] !== undefined && row[1] !== "")
    .map(([label, value]) => `  ${colour("dim", label.padEnd(11))} ${wrapped(value, width, 14)}`);
  const files = prepared.files.flatMap(({ path, state, previous, text: wanted }) => [
    `  ${stateText(state)} ${path}`,
    ...(state === "changed" && service.units.files.has(basename(path))
      ? changedDirectives(previous ?? "", wanted.toString()).map(
          (line) => `${" ".repeat(12)}${wrapped(line, width, 14)}`,
        )
      : []),
  ]);
  const framework = app?.framework === undefined ? "" : colour("dim", ` (${app.framework})`);
  return [
    `${colour("bold", description.name)}${framework}`,
    ...shown,
    "",
    ...files,
    ...(notes.length > 0
      ? ["", ...notes.map((note) => `${colour("yellow", "!")} ${wrapped(note, width, 2)}`)]
      : []),
    "",
  ].join("\n");
}

function stateText(state: "new" | "changed" | "same" | "removed"): string {
  const style = { new: "green", changed: "yellow", same: "dim", removed: "red" } as const;
  return colour(style[state], (state === "same" ? "as it is" : state).padEnd(9));
}

/** Wraps a string. All lines except the first have this indent. */
function wrapped(text: string, width: number, indent: number): string {
  return wrap(clean(text), { width: width - indent }).replaceAll("\n", `\n${" ".repeat(indent)}`);
}

/** The changes of a unit, with a directive on each line: `ListenStream=83 → 3000`. */
function changedDirectives(before: string, after: string): string[] {
  const [old, wanted] = [directives(before), directives(after)];
  return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((key) => {
    const [from, to] = [old.get(key) ?? [], wanted.get(key) ?? []];
    const gone = from.filter((value) => !to.includes(value)).join(" ");
    const come = to.filter((value) => !from.includes(value)).join(" ");
    if (gone === "" && come === "") return [];
    return [`${key}=${gone || "(nothing)"} → ${come || "(nothing)"}`];
  });
}

function directives(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { key, value } of assignmentsIn(text)) found.set(key, [...(found.get(key) ?? []), value]);
  return found;
}

/** Whether a file is a unit or a site. */
const isShown = (path: string, { units }: WantedService, { site }: InstallPlan): boolean =>
  units.files.has(basename(path)) || path === site?.path;

/** The units and the site, with their paths. */
export function textOfUnits(service: WantedService, { files, plan }: PreparedInstall): string {
  const texts = files.filter(({ path }) => isShown(path, service, plan));
  return texts.map(({ path, text }) => `# ${path}\n${text.toString()}\n`).join("");
}

/** The contents of new files, and the changes of existing ones. */
export async function changesOfUnits(service: WantedService, prepared: PreparedInstall): Promise<string> {
  const { unifiedDiff } = await import("../output/diff.ts");
  const changed = prepared.files.filter(({ state }) => state === "changed");
  const added = prepared.files.filter(({ state }) => state === "new");
  const patches = changed
    .filter(({ path }) => isShown(path, service, prepared.plan))
    .map(({ path, previous = "", text }) =>
      unifiedDiff(
        { path, text: withoutHeader(previous) },
        { path, text: withoutHeader(text.toString()) },
      ).replace(/^Index: .*\n/, ""),
    );
  return textOfUnits(service, { ...prepared, files: added }) + patches.join("\n");
}
