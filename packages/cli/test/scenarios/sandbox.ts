// What the sandbox does to an app.
import { isReady, type Scenario, type Scenarios } from "./scenario.ts";

const writes = (path: string): string => `import fs from "node:fs"; fs.writeFileSync("${path}", "");`;
const reads = (path: string): string => `import fs from "node:fs"; fs.readFileSync("${path}");`;
const connects = (target: string): string =>
  `await fetch("${target}").catch(({ cause }) => console.error(cause));`;
/** An error with its evidence and what to write. */
const error = (code: string, evidence: RegExp, ...copy: string[]): Scenario["finds"] => [
  { code, severity: "error", evidence, copy },
];
const stateFile = 'path.join(process.env.STATE_DIRECTORY, "data.txt") // in the app';

export const sandbox: Scenarios = {
  syscall: {
    service: "SystemCallFilter=~listen",
    without: /^SystemCallErrorNumber=.*\n/gm,
    finds: error("syscall-killed", /status=31\/SYS/, "  SystemCallErrorNumber=EPERM"),
  },
  jit: {
    app: "let sum = 0; for (let at = 0; at < 1e7; at += 1) sum += at % 7;",
    service: "MemoryDenyWriteExecute=yes",
    finds: error(
      "jit-crashed",
      /^MemoryDenyWriteExecute=yes\n[^]*code=(?:killed|dumped)/,
      "  MemoryDenyWriteExecute=no",
    ),
  },
  writes: {
    app: writes("/srv/data.txt"),
    finds: error("file-read-only", /EROFS[^]*'\/srv\/data\.txt'\nProtectSystem=strict/, stateFile),
  },
  // With `recursive`, Node reports ENOENT instead of EROFS.
  makes: {
    app: `import fs from "node:fs"; fs.mkdirSync("./data/uploads", { recursive: true });`,
    finds: error(
      "file-read-only",
      /(?:EROFS|ENOENT)[^]*mkdir '\.\/data\/uploads'\nProtectSystem=strict/,
      'path.join(process.env.STATE_DIRECTORY, "uploads") // in the app',
    ),
  },
  // A folder that is really missing.
  unmade: {
    app: `import fs from "node:fs"; fs.mkdirSync(process.env.STATE_DIRECTORY + "/a/b");`,
    finds: error("app-crashed", /ENOENT[^]*mkdir/),
  },
  // Before Node 22, there is no node:sqlite.
  sqlite: {
    app: `function failed() { throw Object.assign(new Error("unable to open database file"), { code: "ERR_SQLITE_ERROR" }); }
      const { DatabaseSync } = await import("node:sqlite").catch(() => ({ DatabaseSync: failed }));
      new DatabaseSync("/srv/shop.sqlite");`,
    finds: error(
      "file-read-only",
      /^Error: unable to open database file\nProtectSystem=strict/,
      'path.join(process.env.STATE_DIRECTORY, "sqlite.sqlite") // in the app',
    ),
  },
  written: {
    app: writes("./data.txt"),
    service: "DynamicUser=no\nUser=daemon",
    finds: error(
      "file-read-only",
      /EROFS[^]*'\.\/data\.txt'\n/,
      'path.join(process.env.STATE_DIRECTORY, "data.txt") // in the app',
      "  ReadWritePaths=/srv/written",
      "chown daemon /srv/written",
    ),
  },
  "in-home": {
    app: writes("/home/web/data.txt"),
    service: "DynamicUser=no\nUser=daemon\nProtectHome=read-only",
    files: { "/home/web/other.txt": "" },
    finds: error("file-read-only", /EROFS/, stateFile),
  },
  system: {
    app: writes("/usr/data.txt"),
    service: "DynamicUser=no\nUser=daemon",
    finds: error("file-read-only", /EROFS/, stateFile),
  },
  spool: {
    app: writes("/var/spool/data.txt"),
    service: "DynamicUser=no\nUser=daemon",
    finds: error("file-read-only", /EROFS/, stateFile),
  },
  hidden: {
    app: reads("/home/web/settings.json"),
    files: { "/home/web/settings.json": "{}" },
    finds: error(
      "file-hidden",
      /E(?:NOENT|ACCES)[^]*'\/home\/web\/settings\.json'\nProtectHome=yes/,
      "  BindReadOnlyPaths=/home/web/settings.json",
    ),
  },
  refused: {
    app: reads("/etc/shop.key"),
    finds: error("file-refused", /EACCES[^]*'\/etc\/shop\.key'/, "ls -ld /etc/shop.key"),
  },
  quoted: {
    app: reads("/etc/$(id).key"),
    finds: error("file-refused", /EACCES/, "ls -ld '/etc/$(id).key'"),
  },
  // Folders of root that the sandbox would let the service write to.
  unowned: {
    app: writes("/srv/unowned/data/new.txt"),
    description: { user: "daemon", readWritePaths: ["/srv/unowned/data"] },
    files: { "/srv/unowned/data/old.txt": "" },
    finds: [
      {
        code: "file-refused",
        message: /\(EACCES\): \/srv\/unowned\/data belongs to root, not to daemon\.$/,
        copy: ["chown daemon /srv/unowned/data"],
      },
    ],
  },
  unmakable: {
    app: `import fs from "node:fs"; fs.mkdirSync("data/uploads");`,
    description: {
      user: "daemon",
      readWritePaths: ["/srv/unmakable/data"],
      workingDirectory: "/srv/unmakable",
    },
    files: { "/srv/unmakable/data/old.txt": "" },
    finds: [
      {
        code: "file-refused",
        message: /: \/srv\/unmakable\/data belongs to root, not to daemon\.$/,
        copy: ["install -d -o daemon /srv/unmakable/data/uploads"],
      },
    ],
  },
  // A path is one word, for the shell and in the unit.
  spaced: {
    app: writes("/srv/$(id) /etc/data.txt"),
    service: "DynamicUser=no\nUser=daemon",
    files: { "/srv/$(id) /etc/other.txt": "" },
    finds: error(
      "file-read-only",
      /EROFS/,
      '  ReadWritePaths="/srv/$(id) /etc"',
      "chown daemon '/srv/$(id) /etc'",
    ),
  },
  // A path with control characters is none that the doctor writes into a command.
  controls: {
    app: reads(String.raw`/etc/\u001b[2Jshop\u009b.key`),
    finds: error("app-crashed", /^Error: EACCES: permission denied, open '\/etc\/shop\.key'/m),
  },
  family: {
    app: connects("http://127.0.0.1:5432"),
    description: { hardening: "inbound" },
    until: isReady,
    finds: error(
      "address-family-refused",
      /EAFNOSUPPORT 127\.0\.0\.1:5432[^]*\nRestrictAddressFamilies=/,
      "  RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    ),
  },
  network: {
    app: connects("http://192.0.2.1:5432"),
    description: { hardening: "inbound" },
    without: /^RestrictAddressFamilies=.*\n/gm,
    until: isReady,
    finds: error(
      "network-cut",
      /ENETUNREACH 192\.0\.2\.1:5432[^]*\nPrivateNetwork=yes/,
      "  PrivateNetwork=no",
    ),
  },
  heap: {
    app: "const kept = []; for (;;) kept.push(new Array(100_000).fill({}));",
    description: { environment: { NODE_OPTIONS: "--max-old-space-size=32" } },
    finds: error(
      "memory-exhausted",
      /heap limit[^]*\n--max-old-space-size=32$/,
      "  Environment=NODE_OPTIONS=--max-old-space-size=1024",
    ),
  },
  files: {
    app: 'import fs from "node:fs"; for (;;) fs.openSync("/dev/null");',
    service: "LimitNOFILE=64",
    finds: error("descriptors-exhausted", /EMFILE[^]*\nLimitNOFILE=64$/, "  LimitNOFILE=65536"),
  },
  few: {
    service: "LimitNOFILE=16",
    finds: error(
      "descriptors-exhausted",
      /code=(?:killed|dumped)[^]*\nLimitNOFILE=16$/,
      "  LimitNOFILE=65536",
    ),
  },
  names: {
    listens: 'await listen(server, { name: "web" });',
    finds: error(
      "socket-name-unknown",
      /^sockact: fatal: SOCKACT_ERR_NAME_UNKNOWN: No socket named web was passed[^]*\nFileDescriptorName=names\.socket$/,
      "  FileDescriptorName=web",
    ),
  },
};
