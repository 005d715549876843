// The Debian packages that the tests use. Run as a program, it prints those that are missing here.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

/** The package of each program or file that a test needs. */
export const packageOf = {
  // A service manager for the tests, and the tools that inspect it.
  systemd: "systemd",
  "systemd-socket-activate": "systemd",
  "systemd-notify": "systemd",
  "systemd-analyze": "systemd",
  systemctl: "systemd",
  busctl: "systemd",
  "systemd-escape": "systemd",
  unshare: "util-linux",
  newuidmap: "uidmap",
  flock: "util-linux",
  setpriv: "util-linux",
  taskset: "util-linux",
  logger: "bsdutils",
  script: "bsdutils",
  ip: "iproute2",
  ss: "iproute2",
  pgrep: "procps",
  pkill: "procps",
  "dbus-daemon": "dbus",
  "/usr/bin/npm": "npm",
  git: "git",
  podman: "podman",
  crun: "crun",
  debootstrap: "debootstrap",
  // What the examples need besides Node. Services see only Debian's Python.
  pg_createcluster: "postgresql",
  python3: "python3",
  "/usr/bin/python3": "python3",
  openssl: "openssl",
  curl: "curl",
  nginx: "nginx",
  haproxy: "haproxy",
  caddy: "caddy",
  // Shells whose completion is tested, and the checker of the manual page.
  zsh: "zsh",
  fish: "fish",
  mandoc: "mandoc",
  // Tools that deploy the tests' apps to hosts, and check the Ansible role.
  "ansible-playbook": "ansible-core",
  "ansible-lint": "ansible-lint",
  ssh: "openssh-client",
  sshd: "openssh-server",
  // A client for certificates, and a server that issues them to tests.
  certbot: "certbot",
  "/usr/lib/python3/dist-packages/certbot_nginx": "python3-certbot-nginx",
  pebble: "pebble",
  // A server whose documented units are tested.
  gunicorn: "gunicorn",
  // A fast load generator.
  wrk: "wrk",
  // Checks the alert rules, and scrapes the metrics.
  promtool: "prometheus",
  prometheus: "prometheus",
  // Counts the instructions of bench:check.
  valgrind: "valgrind",
  // Builds the native code of the package sd-daemon, for comparison.
  make: "make",
  "g++": "g++",
  "pkg-config": "pkgconf",
  "/usr/include/systemd/sd-daemon.h": "libsystemd-dev",
  // A browser for the tests of the site. The headless shell needs fewer packages than the whole browser.
  "chromium-headless-shell": "chromium-headless-shell",
};

/** @param {string} program */
function isInstalled(program) {
  if (program === "systemd")
    return existsSync("/usr/lib/systemd/systemd") || existsSync("/lib/systemd/systemd");
  if (isAbsolute(program)) return existsSync(program);
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const programs = Object.keys(packageOf).filter((program) => !isInstalled(program));
  const missing = new Set(programs.map((program) => packageOf[program]));
  if (isInstalled("chromium")) missing.delete("chromium-headless-shell");
  console.log([...missing].join(" "));
}
