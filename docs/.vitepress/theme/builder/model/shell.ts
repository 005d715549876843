import type { Code } from "./code.ts";
import { appFolder, foldersOf, isNodeApp } from "./description.ts";
import { hostsOf } from "./hosts.ts";
import { listenersOf, type Listener } from "./listeners.ts";
import type { BuilderState } from "./state.ts";
import { quoteWord } from "./words.ts";

/** A command that sends an HTTP request, or `undefined` if curl can't reach the address. */
function requestTo(
  { port, host, path, tls, address }: Listener,
  more: string,
  isHosted: boolean,
): string | undefined {
  const options = `${more}${tls ? "--insecure " : ""}`;
  const scheme = tls ? "https" : "http";
  if (address.startsWith("vsock:")) return undefined;
  if (path !== undefined) {
    const option = path.startsWith("\0") ? "--abstract-unix-socket" : "--unix-socket";
    // Only root and the group of the proxy may connect.
    return `${isHosted ? "sudo " : ""}curl ${options}${option} ${quoteWord(path.replace("\0", ""))} ${scheme}://localhost/`;
  }
  const name = host === undefined || /^(?:0\.0\.0\.0|[:0]*)$/.test(host) ? "localhost" : host;
  const isUsual = port === (tls ? 443 : 80);
  const url = `${scheme}://${name.includes(":") ? `[${name}]` : name}${isUsual ? "" : `:${port}`}/`;
  return `curl ${options}${quoteWord(url)}`;
}

/** The commands that create what the units need and `sockact install` does not create. */
function preparation(
  state: BuilderState,
  code: Code | undefined,
  packages: readonly string[],
): { before: string[]; notes: string[] } {
  const user = state.user.trim();
  const name = quoteWord(user);
  const account = /^\d*$/.test(user)
    ? []
    : [`getent passwd ${name} || sudo useradd --system --shell /usr/sbin/nologin ${name}`];

  const hasTls = state.sockets.some(({ tls }) => tls);
  const certificate = hasTls ? [state.certificate.trim(), state.privateKey.trim()] : [];
  const variables = state.environmentFile.trim();
  const files = [...certificate, ...(variables === "" ? [] : [variables])];
  const existing = files.length > 0 ? [`sudo ls -L ${files.map(quoteWord).join(" ")}`] : [];
  const folders = foldersOf(state)
    .map(quoteWord)
    .map((folder) => `[ -e ${folder} ] || sudo install -d -o ${name} ${folder}`);

  const script = state.script.trim();
  const isBuilt = state.framework === "nestjs";
  // The reader may have an app there.
  const app =
    code === undefined || isBuilt
      ? []
      : [
          `[ -e ${quoteWord(script)} ] || sudo install -D -m 644 ${quoteWord(code.file)} ${quoteWord(script)}`,
        ];
  const npm =
    packages.length === 0
      ? []
      : [`sudo npm install --prefix ${quoteWord(appFolder(state))} ${packages.join(" ")}`];
  const isOwnCode = foldersOf(state).some((folder) =>
    `${script}/`.startsWith(`${folder.replace(/\/+$/, "")}/`),
  );
  return {
    // The folders come first: the code would create a folder that is its own as root's.
    before: [...account, ...existing, ...folders, ...app, ...npm],
    notes: [
      ...(folders.length > 0
        ? [
            `If a writable folder exists already, \`${user}\` must own it: \`sudo chown -R ${name} ${foldersOf(state).map(quoteWord).join(" ")}\`.`,
          ]
        : []),
      ...(isOwnCode
        ? [
            `The app may write to the folder of its own code, and so may whoever takes it over. A folder such as \`${appFolder(state)}/data\` is safer.`,
          ]
        : []),
      ...(hasTls
        ? [
            `After a renewal, run \`sudo npx sockact restart ${state.app.trim()}\`: systemd reads the certificate and its key at each start.`,
            `The certificate and its key must exist: ${certificate.map((file) => `\`${file}\``).join(" and ")}.`,
          ]
        : []),
      ...(variables === "" ? [] : [`The file of variables must exist: \`${variables}\`.`]),
      ...(isBuilt
        ? [`Build your app first, and copy it to \`${appFolder(state)}\`. The service runs \`${script}\`.`]
        : []),
      ...(app.length > 0
        ? [`If \`${script}\` does not exist yet, the commands put the app code of this page there.`]
        : []),
    ],
  };
}

/** The commands that install the units, and what the reader must do before. */
export interface ShellLines {
  readonly byHand: string;
  /** A command without the config, for an app with host names. */
  readonly inShort?: string | undefined;
  readonly withSockact: string;
  readonly notes: readonly string[];
}

/**
 * The commands that install the units, by hand and with `sockact install`. They run in the folder with the
 * downloaded files.
 */
export function shellLines(
  state: BuilderState,
  units: readonly string[],
  code: Code | undefined,
  preload: readonly string[],
): ShellLines {
  // systemd does not know when an app that opens its port itself is ready.
  const options = state.bind === "capability" ? "--retry 5 --retry-connrefused " : "";
  const requests = listenersOf(state).flatMap(
    (listener) => requestTo(listener, options, state.bind === "host") ?? [],
  );
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  const started = sockets.length > 0 ? sockets : units;
  const { before, notes } = preparation(state, code, [...(code?.packages ?? []), ...preload]);
  const folder = quoteWord(appFolder(state));
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  return {
    byHand: text([
      ...before,
      `sudo install -m 644 ${units.map(quoteWord).join(" ")} /etc/systemd/system/`,
      "sudo systemctl daemon-reload",
      `sudo systemctl enable --now ${started.map(quoteWord).join(" ")}`,
      ...requests,
    ]),
    withSockact: text([
      ...before,
      ...(isNodeApp(state) ? [`sudo install -D -m 644 -t ${folder} sockact.config.mjs`, `cd ${folder}`] : []),
      "sudo npx sockact install",
    ]),
    ...(state.bind === "host" && isNodeApp(state) ? { inShort: text(inShort(state)) } : {}),
    notes: [...hostNotes(state), ...notes],
  };
}

/** The command that installs an app with host names without a config. */
function inShort(state: BuilderState): string[] {
  const folder = appFolder(state);
  const entry = state.script.trim().slice(folder === "/" ? 1 : folder.length + 1);
  const idle = state.idle.trim();
  const words = [
    entry,
    "--name",
    state.app.trim(),
    ...hostsOf(state).flatMap((host) => ["--host", host]),
    ...(idle === "" ? [] : ["--idle-timeout", idle]),
  ];
  return [`cd ${quoteWord(folder)}`, `sudo npx sockact install ${words.map(quoteWord).join(" ")}`];
}

function hostNotes(state: BuilderState): string[] {
  if (state.bind !== "host") return [];
  return [
    "Caddy or nginx must run on the machine, such as after `sudo apt install caddy`.",
    `The DNS records of the host names must lead to the machine: ${hostsOf(state)
      .map((host) => `\`${host}\``)
      .join(" and ")}.`,
  ];
}
