import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { fixUnits, lintUnits, type Finding, type FindingCode } from "../src/index.ts";

/**
 * What would really happen to whoever runs these units, and the findings that say so: project, file and code.
 */
const trueFindings: Record<string, string[]> = {
  "A crash loop reaches five starts within ten seconds, and takes the socket down too.": [
    "puma puma.service start-limit",
    "signalk-server signalk.service start-limit",
  ],
  "Nothing restarts it after a crash: a waiting client starts it again at once, five times in a row.": [
    "go-systemd hello.service start-limit",
    "gunicorn gunicorn.service start-limit",
  ],
  "Enabled without its socket it opens the address itself, and systemd then refuses to start the socket.": [
    "puma puma.service requires-missing",
    "signalk-server signalk.service requires-missing",
  ],
  "Started by hand while its socket is down, it gets no descriptor and does not serve where its clients look.":
    ["go-systemd hello.service requires-missing"],
  "systemctl restart cups.service closes the socket as well, and opens it again.": [
    "cups-daemon cups.socket socket-stops-along",
  ],
  "The socket of a session stops with it, and no client waits there: another program starts a new one.": [],
  "Only its main process is stopped: what it has started stays.": [
    "homebridge-config-ui-x homebridge.service kill-mode",
  ],
  "The prefix is for kernels before 4.3.": [
    "systemd systemd-networkd.service exec-prefix",
    "systemd-resolved systemd-resolved.service exec-prefix",
  ],
  "/run/lirc is removed when the service stops: the socket stays active, and nobody can connect to it.": [
    "lirc lircd.socket runtime-directory",
  ],
  "Stopping the socket removes its file, while the service keeps running and keeps the descriptor.": [
    "libvirt-daemon libvirtd.socket remove-on-stop",
    "udev systemd-udevd-control.socket remove-on-stop",
  ],
  "Each time systemd reads the unit it complains of /var/run.": [
    "sasl2-bin saslauthd.service value-obsolete",
  ],
  "Without a syslog daemon, whose unit has this name as an alias, systemd refuses to start the socket.": [
    "systemd syslog.socket service-missing",
  ],
  "The path is for the reader to fill in; systemd refuses the unit as it is.": [
    "puma puma.service directory-refused",
  ],
  "The socket outlives each restart of Puma, so the option only lets another server of root take a part of the connections.":
    ["puma puma.socket reuse-port"],
};

/** Those of the linter's codes that systemd itself complains of, with the line, when it reads a unit. */
const complaints = new Set<FindingCode>([
  "file-unreadable",
  "line-ignored",
  "continuation-broken",
  "section-unknown",
  "directive-misplaced",
  "directive-unknown",
  "value-invalid",
  "value-obsolete",
  "address-invalid",
  "command-refused",
  "directory-refused",
  // Of the prefix !!, which it no longer knows.
  ...((systemdVersion() ?? 0) >= 258 ? (["exec-prefix"] as const) : []),
]);

interface Project {
  name: string;
  /** Its files by name. */
  files: Record<string, string>;
  user: boolean;
}

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile() && !name.startsWith("user/"));
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

const corpus: Project[] = ["debian", "documented"].flatMap((root) => {
  const rootFolder = fileURLToPath(new URL(`fixtures/${root}/`, import.meta.url));
  const folders = readdirSync(rootFolder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap((entry): Project[] => {
    const name = entry.name.replace(/[_-]\d.*$/, "");
    const folder = join(rootFolder, entry.name);
    const ofUser = readdirSync(folder).includes("user") ? [join(folder, "user")] : [];
    return [
      { name, files: filesIn(folder), user: false },
      ...ofUser.map((path) => ({ name, files: filesIn(path), user: true })),
    ];
  });
});

const placeOf = ({ name, user }: Project, file: string): string => `${name} ${user ? "user/" : ""}${file}`;

const findingsOf = (project: Project): readonly Finding[] => lintUnits(project.files, { user: project.user });

const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].toSorted();

describe("real units of well-kept projects", () => {
  const expected = Object.values(trueFindings).flat();

  it("are many", () => {
    const units = corpus.flatMap(({ files }) => Object.keys(files));
    expect(new Set(corpus.map(({ name }) => name)).size).toBeGreaterThanOrEqual(100);
    expect(units.length).toBeGreaterThanOrEqual(300);
    expect(units.filter((name) => name.endsWith(".socket")).length).toBeGreaterThanOrEqual(100);
  });

  it("give the findings that are listed, and no others", () => {
    const found = corpus.flatMap((project) =>
      findingsOf(project).map(({ file, code }) => `${placeOf(project, file)} ${code}`),
    );
    expect(sorted(found)).toEqual(sorted(expected));
  });

  it("are listed with each finding once", () => {
    expect(expected.toSorted()).toEqual(sorted(expected));
  });
});

/** What `systemd-analyze verify` says, line by line. */
function verify({ files, user }: Project): string[] {
  const folder = mkdtempSync(join(tmpdir(), "sockact-corpus-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const units = Object.keys(files).filter((name) => !name.includes("/"));
  const { stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    [
      user ? "--user" : "--system",
      "verify",
      "--man=no",
      "--recursive-errors=no",
      // A template is spoken of as an instance.
      ...units.map((name) => join(folder, name.replace("@.", "@blue."))),
    ],
    { encoding: "utf8", env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:`, XDG_RUNTIME_DIR: folder } },
  );
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`.replaceAll(`${folder}/`, "").split("\n");
}

describeWith({ commands: ["systemd-analyze"], systemd: 257 }, "systemd and the linter, of real units", () => {
  it("complain of the same lines", () => {
    const ours = corpus.flatMap((project) =>
      findingsOf(project)
        .filter(({ code }) => complaints.has(code))
        .map(({ file, line }) => `${placeOf(project, file)}:${line}`),
    );
    const theirs = corpus.flatMap((project) =>
      verify(project)
        .flatMap((line) => /^([^/:]+:\d+): /.exec(line)?.[1] ?? [])
        .map((place) => placeOf(project, place)),
    );
    expect(sorted(ours)).toEqual(sorted(theirs));
    expect(theirs).toContain("sasl2-bin saslauthd.service:8");
  });

  it("have nothing new to complain of once the linter has made its changes", () => {
    const changed = corpus
      .map((project) => ({ project, files: fixUnits(project.files, findingsOf(project)) }))
      .filter(({ project, files }) => JSON.stringify(files) !== JSON.stringify(project.files));
    expect(changed.length).toBeGreaterThanOrEqual(1);
    for (const { project, files } of changed) {
      const withoutLines = (lines: string[]) => lines.map((line) => line.replace(/:\d+: /, ": "));
      const before = new Set(withoutLines(verify(project)));
      const after = withoutLines(verify({ ...project, files }));
      expect({ project: project.name, said: after.filter((line) => !before.has(line)) }).toEqual({
        project: project.name,
        said: [],
      });
    }
  });
});
