import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../shared/execute.ts";
import { caddySite, fileOf, FOLDER, INCLUDE } from "./caddy-site.ts";
import { groupOfProcess } from "./group.ts";
import { brokenError, CHECK_LIMIT, checkSignal, type Proxy, proxyError, versionIn } from "./proxy.ts";

const CONFIG = "/etc/caddy";
const CADDYFILE = `${CONFIG}/Caddyfile`;
const UNIT = "caddy.service";

/** Caddy, which gets the certificates itself. Its site is a file that the Caddyfile imports. */
export const caddy: Proxy = {
  name: "caddy",
  unit: UNIT,
  config: CONFIG,
  folders: [FOLDER],
  file: fileOf,
  include: {
    file: CADDYFILE,
    line: INCLUDE,
    check(lines) {
      // The braces of a single site may be left out. Each further line then belongs to this site.
      const text = lines
        .map((line) => line.replace(/(?<=^|\s)#.*$/, "").trim())
        .filter((line) => !/^(?:$|import\s)/.test(line))
        .join("\n");
      const [first = ""] = /^(?:.*,\n)*.*/.exec(text) ?? [];
      if (text === "" || first.endsWith("{") || text[first.length + 1] === "{") return;
      throw proxyError(
        `${CADDYFILE} has one site without braces, so no other site can be added to it`,
        `Put the lines after its host name into braces: ${first.replaceAll("\n", " ")} { … }`,
      );
    },
  },

  async group(manager) {
    const [{ MainPID = "" } = {}] = await manager.show([UNIT], ["MainPID"]);
    return groupOfProcess(MainPID, `sudo systemctl restart ${UNIT}`);
  },

  async read(manager) {
    const properties = ["User", "Group", "Environment", "EnvironmentFiles", "ExecStart"] as const;
    const [unit] = await manager.show([UNIT], properties);
    const { User: user, Group, Environment, EnvironmentFiles, ExecStart } = unit!;
    if (!ExecStart.includes(`--config ${CADDYFILE}`))
      throw proxyError(
        `${UNIT} does not read ${CADDYFILE}`,
        `Its command has to end with: --config ${CADDYFILE}`,
      );
    // systemctl does not print a list that is empty.
    const listed = (EnvironmentFiles as string | undefined) ?? "";
    const files = [...listed.matchAll(/^(.*) \(ignore_errors=(yes|no)\)$/gm)];
    // As root, it would create log files that the service can't open.
    const as = [
      user && `User=${user}`,
      Group && `Group=${Group}`,
      Environment && `Environment=${Environment}`,
      ...files.map(([, path, isOptional]) => `EnvironmentFile=${isOptional === "yes" ? "-" : ""}${path}`),
    ]
      .filter((property) => property !== "")
      .map((property) => `--property=${property}`);
    const options = ["--quiet", "--pipe", "--wait", "--collect", `--property=RuntimeMaxSec=${CHECK_LIMIT}`];
    const check = `sudo -u ${user || "root"} caddy validate --config ${CADDYFILE}`;
    const checking = manager.with(checkSignal("Caddy", check, manager));
    const command = ["caddy", "adapt", "--validate", "--config", CADDYFILE, "--adapter", "caddyfile"];
    const { code, stdout, stderr } = await checking.runProgram(
      "systemd-run",
      ...options,
      ...as,
      "--",
      ...command,
    );
    if (code !== 0) {
      const said = /^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim().split("\n").at(-1) ?? "";
      throw brokenError("Caddy", said, check);
    }
    const { stdout: version } = await execute("caddy", ["version"], { signal: manager.signal });
    return {
      folder: FOLDER,
      served: hostsIn(JSON.parse(stdout) as Config).map((host) => ({ host, file: fileWith(host) })),
      version: versionIn(version),
    };
  },

  site: caddySite,

  // Somebody may have edited the site.
  secured: (text, hosts) => hosts.filter((host) => !text.includes(`http://${host}`)),

  async reload(manager) {
    const { code, stderr } = await manager.run("reload", UNIT);
    if (code === 0) return;
    throw proxyError(
      `Caddy has not loaded its new configuration: ${stderr.trim()}`,
      `See why: journalctl --unit=${UNIT} --lines=20`,
    );
  },
};

/** The part of Caddy's JSON that is read here. */
interface Config {
  apps?: { http?: { servers?: Record<string, { routes?: { match?: { host?: string[] }[] }[] }> } };
}

/** The host names of the sites. The adapter writes a route for each. */
function hostsIn({ apps }: Config): string[] {
  const routes = Object.values(apps?.http?.servers ?? {}).flatMap((server) => server.routes ?? []);
  return routes.flatMap(({ match = [] }) => match.flatMap(({ host = [] }) => host));
}

/** The JSON does not say which file a site is from. */
function fileWith(host: string): string {
  const files = readdirSync(CONFIG, { recursive: true, withFileTypes: true })
    // Backups of an installation, and files of an editor, begin with a dot.
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    // Another file may only mention a host name, for example in a redirection.
    .toSorted((one, other) => Number(other.startsWith(FOLDER)) - Number(one.startsWith(FOLDER)));
  const word = new RegExp(`(?<![\\w.-])${host.replaceAll(".", "\\.")}(?![\\w.-])`, "i");
  const has = (path: string): boolean => {
    try {
      return word.test(readFileSync(path, "utf8").replaceAll(/^\s*#.*$/gm, ""));
    } catch {
      return false;
    }
  };
  return files.find((path) => has(path)) ?? CADDYFILE;
}
