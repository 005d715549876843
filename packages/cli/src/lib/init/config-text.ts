import type { AppDescription } from "@sockact/units";

/** The formats of a config that `init` writes. */
export type ConfigFormat = "ts" | "js" | "json";

/** The purpose of each field, for the reader of a config. */
const comments: Partial<Record<keyof AppDescription, string>> = {
  name: "The name of the units, such as {name}.service.",
  exec: "What runs. Paths that begin with ./ start from this folder, and node is the Node that runs sockact.",
  hosts: "The proxy of the machine, Caddy or nginx, passes the requests for these host names to the app.",
  sockets: "Where systemd listens. The app gets these sockets, whatever port its code names.",
  bind: "How the app gets its ports. With capability, the app opens them. With proxy, systemd-socket-proxyd forwards connections to the app.",
  backend: "The address on which the app listens. The proxy forwards connections to it.",
  workingDirectory: "The app's current folder, from which it reads relative paths.",
  type: "systemd waits until the app is ready. With notify-reload, `systemctl reload` reloads the app.",
  manager: "Your own systemd runs it (systemctl --user).",
  uid: "Your user, whose systemd it is.",
  user: "The user that the app runs as.",
  environment: "Variables. Every user can read them in the unit. NODE_ENV=production is added.",
  environmentFile: "Files of NAME=value lines, which systemd reads as root.",
  readWritePaths: "Folders that the app may write to, besides those that systemd creates for it.",
  memoryMax: "The kernel kills the app if it uses more memory.",
  credentials: "Files that only root can read. The app gets copies under these names.",
  watchdogSec: "systemd restarts the app if it does not respond for this time.",
  idleTimeout: "The app ends after this time without a connection. The next one starts it.",
  handover: "`systemctl reload` starts the new version, which gets the sockets and the idle connections.",
  bundle: "`sockact install` puts the modules of the app into one file, so that it starts faster.",
  preload: "Passes the sockets to an app that does not call sockact.",
  hardening: "The sandbox: outbound may connect to others, inbound only answers, none is off.",
  systemd: "The version of systemd that the units are for.",
  raw: "The parts of the homes that the service sees. The rest is hidden.",
};

const DOCS = "https://github.com/sockact/sockact/blob/main/docs/config.md";

/** Writes a description as the source of a config. */
export function configText(description: AppDescription, format: ConfigFormat): string {
  if (format === "json")
    return `${JSON.stringify({ $schema: "./node_modules/@sockact/units/dist/schema.json", ...description }, null, 2)}\n`;
  const fields = Object.entries(description).flatMap(([key, value]) => {
    const comment = comments[key as keyof AppDescription]?.replace("{name}", description.name);
    return [...(comment === undefined ? [] : [`  // ${comment}`]), `  ${key}: ${literal(value, "  ")},`];
  });
  const [before, after] =
    format === "ts"
      ? [
          `import type { AppDescription } from "@sockact/units";\n\n// All fields: ${DOCS}\n`,
          " satisfies AppDescription;\n",
        ]
      : [`// All fields: ${DOCS}\n/** @type {import("@sockact/units").AppDescription} */\n`, ";\n"];
  return `${before}export default {\n${fields.join("\n")}\n}${after}`;
}

/** A value as JavaScript, on one line if that is short enough. */
function literal(value: unknown, indent: string): string {
  const short = oneLine(value);
  if (short.length + indent.length <= 90 || typeof value !== "object" || value === null) return short;
  const inner = `${indent}  `;
  const isArray = Array.isArray(value);
  const members = isArray
    ? value.map((one) => literal(one, inner))
    : Object.entries(value).map(([key, one]) => `${keyText(key)}: ${literal(one, inner)}`);
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  return `${open}\n${members.map((member) => `${inner}${member},\n`).join("")}${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${keyText(key)}: ${oneLine(one)}`)
    .join(", ")} }`;
}

/** Without brackets, the key `__proto__` would set the prototype. */
const keyText = (key: string): string =>
  key === "__proto__" ? `["${key}"]` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
