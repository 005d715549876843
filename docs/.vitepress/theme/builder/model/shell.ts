import { appFolder, isNodeApp } from "./description.ts";
import { listenersOf, type Listener } from "./listeners.ts";
import type { BuilderState } from "./state.ts";
import { quoteWord } from "./words.ts";

/** A command that sends an HTTP request, or `undefined` if curl can't reach the address. */
function requestTo({ port, host, path, tls, address }: Listener, more: string): string | undefined {
  const options = `${more}${tls ? "--insecure " : ""}`;
  const scheme = tls ? "https" : "http";
  if (address.startsWith("vsock:")) return undefined;
  if (path !== undefined) {
    const option = path.startsWith("\0") ? "--abstract-unix-socket" : "--unix-socket";
    return `curl ${options}${option} ${quoteWord(path.replace("\0", ""))} ${scheme}://localhost/`;
  }
  const name = host === undefined || /^(?:0\.0\.0\.0|[:0]*)$/.test(host) ? "localhost" : host;
  const isUsual = port === (tls ? 443 : 80);
  const url = `${scheme}://${name.includes(":") ? `[${name}]` : name}${isUsual ? "" : `:${port}`}/`;
  return `curl ${options}${quoteWord(url)}`;
}

/** The commands that install the units, by hand and with `sockact install`. */
export function shellLines(
  state: BuilderState,
  units: readonly string[],
  packages: readonly string[],
): { byHand: string; withSockact: string } {
  const { user, bind } = state;
  // systemd does not know when an app that opens its port itself is ready.
  const options = bind === "capability" ? "--retry 5 --retry-connrefused " : "";
  const requests = listenersOf(state).flatMap((listener) => requestTo(listener, options) ?? []);
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  const started = sockets.length > 0 ? sockets : units;
  const folder = quoteWord(appFolder(state));
  const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");
  const npm = packages.length === 0 ? [] : [`npm install --prefix ${folder} ${packages.join(" ")}`];
  const name = quoteWord(user.trim());
  const account = /^\d*$/.test(user.trim())
    ? []
    : [`getent passwd ${name} || sudo useradd --system --shell /usr/sbin/nologin ${name}`];
  return {
    byHand: text([
      ...npm,
      ...account,
      `sudo install -m 644 ${units.map(quoteWord).join(" ")} /etc/systemd/system/`,
      "sudo systemctl daemon-reload",
      `sudo systemctl enable --now ${started.map(quoteWord).join(" ")}`,
      ...requests,
    ]),
    withSockact: text([
      ...npm,
      ...account,
      ...(isNodeApp(state) ? [`cd ${folder}`] : []),
      "sudo npx sockact install",
    ]),
  };
}
