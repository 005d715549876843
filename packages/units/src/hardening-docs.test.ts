import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import "../test/hardening-page.ts";
import { failures } from "../test/whole-app.ts";
import { type AppDescription, emitUnits, explain, type Explanation } from "./index.ts";
import type { SandboxField } from "./lib/description/hardening.ts";
import { sandboxDirectives } from "./lib/read/sandbox/directives.ts";
import { reasons, reasonsOf } from "./lib/write/reasons.ts";

const examplesFile = "packages/units/test/hardening-page.ts";
const databaseFile = "packages/units/test/database.test.ts";

/** An example of the page, which is compiled and run by other tests. */
function example(name: string, file = examplesFile): string {
  const text = readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
  const [, code] = new RegExp(`// #region ${name}\n([^]*?)^ *// #endregion ${name}\n`, "m").exec(text)!;
  const [indent] = /^ */.exec(code!)!;
  const shown = code!.replaceAll(new RegExp(`^${indent}`, "gm"), "");
  return `<!-- from: ${file}#${name} -->\n\`\`\`ts\n${shown}\`\`\``;
}

const intro = `# Sandboxing

\`emitUnits()\` and \`npx sockact install\` put your app into a sandbox. Which profile do you choose, how do you loosen one directive for your app, and why is each line there?

## Which profile do I choose?

${example("choose")}

- **\`"outbound"\`** is the default. It is for an app that opens connections, for example to a database or to another API. \`systemd-analyze security\` rates it 1.1, "OK".
- **\`"inbound"\`** is for an app that only answers requests that come through its sockets. It has no other network. The rating is 0.2, "SAFE".
- **\`"none"\`** turns the sandbox off. Without \`user\`, the app still runs as a user that exists only while the service runs. The rating is 8.2, "EXPOSED", and 9.4, "UNSAFE", as root.

Start with \`"outbound"\`. If your app opens no connections, try \`"inbound"\`. [What breaks](#what-breaks-under-each-profile) lists the few things that do not work.

To see the reason for each line of your own units, use [\`explain()\`](units.md#the-sandbox). \`emitUnits(description, { comments: true })\` writes the reasons into the units as comments.

## How do I loosen one thing?

Write an object with the profile and individual directives. The name of a field is the name of its directive in camelCase, except \`umask\`:

${example("loosen")}

- \`true\` writes a directive, and \`false\` leaves it out. For a directive with several possible values, write one of them.
- \`systemCallFilter\` adds to the profile: \`["@resources"]\` allows calls that the profile forbids, and \`["~@ipc"]\` forbids more. \`SystemCallErrorNumber=\` is written whenever a filter is.
- \`ambientCapabilities: ["CAP_NET_RAW"]\` gives the service this capability and no other. \`PrivateUsers=\` is then left out, because a capability inside a user namespace has no effect on the host.
- Without \`user\`, the service has \`DynamicUser=\`: it runs as a user that exists only while it runs. This implies \`NoNewPrivileges=\`, \`PrivateTmp=\`, \`ProtectSystem=strict\`, \`ProtectHome=read-only\`, \`RestrictSUIDSGID=\` and \`RemoveIPC=\`. To turn one of these off, set a \`user\` too.
- \`emitUnits\` refuses directives that contradict each other, and says why.

You can also tighten a profile. This app may open connections only to its own machine and to one other address:

${example("addresses")}

## An app with a database

With \`outbound\`, most databases work without a setting: the app may connect to every address over TCP, and to unix sockets such as \`/run/postgresql/.s.PGSQL.5432\`. [Express with PostgreSQL](../examples/postgresql) is a complete example.

### \`inbound\`, and one database over TCP

\`inbound\` closes the network in three ways, so you have to open all three:

${example("tcp", databaseFile)}

If one of the three is missing, the connection fails, and it may fail without an error:

- **Without \`privateNetwork: false\`,** the app is alone in its own network. A connection to \`localhost\` fails with \`ECONNREFUSED\`.
- **Without \`ipAddressAllow\`, the connection hangs,** whether the network is private or not. The kernel drops its packets, because the profile has \`IPAddressDeny=any\`. The app gets no error until its own timeout is over.
- **Without \`restrictAddressFamilies\`,** the connection fails with \`EAFNOSUPPORT\`.

If the database has a host name that is not in \`/etc/hosts\`, allow the address of your DNS server too, or write the database's address.

### \`inbound\`, and a database with a unix socket

One setting is enough. The socket is a file, so the network can stay closed:

${example("unix", databaseFile)}

PostgreSQL's \`peer\` authentication works too. The service's user has the name of the service, so create a role with that name. PostgreSQL looks the user up by its ID. For a user that exists only while the service runs, \`/etc/nsswitch.conf\` must therefore have \`systemd\` in its line \`passwd:\`. On Debian and Ubuntu, the package \`libnss-systemd\` adds it. Otherwise, PostgreSQL answers \`Peer authentication failed\` and logs \`could not look up local user ID\`. We tried this with PostgreSQL 15, under both profiles and with a fixed \`user\`.

### A socket in \`/tmp\`

The service has its own \`/tmp\`, so it does not see a socket such as \`/tmp/mysql.sock\`. The connection fails with \`ENOENT\`. It is best to move the socket to \`/run\`. Otherwise, turn \`PrivateTmp=\` off, which needs an existing user:

${example("tmp", databaseFile)}

A test makes each of these connections from services in a real systemd.

## Which folders may the app write to?

The file system is read-only for the app. If the app writes to its own folder, the journal shows \`Error: EROFS: read-only file system, open '/srv/shop/data.json'\`. To give the app a folder that it can write to, use one of these fields:

- **\`stateDirectory\`**, in \`/var/lib\`, is for permanent data. With \`outbound\`, the app gets a state folder with its own name, unless you write \`false\`. If the user exists only while the service runs, that folder is also \`$HOME\`.
- **\`cacheDirectory\`**, in \`/var/cache\`, is for data that the app can create again.
- **\`logsDirectory\`**, in \`/var/log\`, is for logs that should not go to the journal.
- **\`runtimeDirectory\`**, in \`/run\`, is for files that can disappear at the next boot, such as unix sockets.
- **\`configurationDirectory\`**, in \`/etc\`, is for files that the app reads. A folder that exists keeps its owner.
- **\`readWritePaths\`** is for folders anywhere. These folders must exist and belong to the service's user, so set \`user\` too.

For the first five fields, systemd creates the folders, makes the service's user their owner, and sets variables such as \`$STATE_DIRECTORY\`. You can set the mode of each, as in \`stateDirectoryMode: "0700"\`. The instances of a rolling restart share the folders.

${example("folders")}

## Credentials

A credential is a secret in a file. The app finds the file in the folder \`$CREDENTIALS_DIRECTORY\`, under the name of the credential:

${example("credentials")}

- \`tls.key\` comes from a file that only root can read. The app can read its copy. [TLS](tls.md) refers to credentials by name.
- \`db.password\` comes from a file that \`systemd-creds encrypt\` has written.
- \`greeting\` is in the unit itself, where every user of the machine can read it.
- \`importCredentials\` passes on credentials that the machine itself has received. It needs systemd 254.

## \`jitless\`: no code generated at run time

\`jitless: true\` turns the JIT compiler off, so memory never has to be both writable and executable. It writes \`MemoryDenyWriteExecute=\`, which would otherwise kill Node, and adds \`--jitless\` to \`NODE_OPTIONS\`, so that the option applies to child processes too.

- **Speed.** Code runs several times slower, because V8 interprets it. To see what your app loses, start it with \`node --jitless server.js\`, and send it the same requests as without the option.
- **WebAssembly is missing.** \`fetch()\` needs it and fails. On Node 20 and 22, the process exits with an unhandled rejection. \`http.request()\` works.
- **ES modules on Node 22.** An ES module that imports \`node:http\` fails with \`WebAssembly is not defined\`, because the import loads the code of \`fetch()\`. Require \`node:http\` in a CommonJS module instead, or use another version of Node.

## Why is \`compileCache\` off?

With [\`compileCache: true\`](units.md#a-faster-start), Node keeps compiled code in the service's cache folder, so that the app starts faster. It is off by default for three reasons:

- The service can write to a folder of code that it runs later. An attacker who takes over the app could leave code there that runs again after a restart. Without \`compileCache\`, a sandboxed service cannot change the code that it runs.
- The first start takes longer, because the app also writes the cache.
- The cache takes disk space, with one file for each module.
`;

const explained = explain().filter(({ section }) => section === "Service");
const fields = new Map(
  Object.entries(sandboxDirectives).map(([field, { key }]) => [key, field as SandboxField]),
);
const code = (text: string) => (text === "" ? "empty" : `\`${text}\``);

/** The explanations of each directive, in the order in which the directives first appear. */
function byDirective(explanations: Explanation[]): [string, Explanation[]][] {
  const groups = new Map<string, Explanation[]>();
  for (const explanation of explanations) {
    const { directive, status, value } = explanation;
    const name = `${directive}=${status === "left out" ? (value ?? "") : ""}`;
    groups.set(name, [...(groups.get(name) ?? []), explanation]);
  }
  return [...groups];
}

/** Marks directives, fields, calls, paths and error codes in a reason as code. */
const marked = (text: string) =>
  text.replaceAll(
    /(?<![\w`/])(?:[A-Z]\w+=\w*|[\w.]+\(\)|\/[\w/]+|E[A-Z]{4,}|(?:[a-z]+[A-Z]\w*|jitless)(?:: (?:true|false|\[[^\]]*\]))?)/g,
    "`$&`",
  );

const unique = (texts: (string | undefined)[]) => [...new Set(texts.filter((text) => text !== undefined))];

/** One text if both profiles have the same, or one that says which profile each part is for. */
function perProfile(
  of: (profile: "inbound" | "outbound") => string,
  join: (texts: [string, string]) => string,
) {
  const texts: [string, string] = [of("inbound"), of("outbound")];
  if (texts[0] === texts[1] || texts[1] === "") return texts[0];
  return join(texts);
}

/** A value that loosens a directive and keeps a part of it. */
const partly: Partial<Record<SandboxField, unknown>> = {
  protectHome: "read-only",
  procSubset: "all",
  restrictNamespaces: ["user"],
  umask: "0027",
  systemCallFilter: ["@resources"],
  restrictAddressFamilies: ["AF_UNIX"],
};

const app: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

/** The lines of a directive in the service, when one field of `hardening` has this value. */
function linesWith(field: SandboxField, value: unknown, user?: string): string[] {
  const isInbound = ["privateNetwork", "procSubset", "restrictAddressFamilies", "ipAddressDeny"].includes(
    field,
  );
  const profile = isInbound ? "inbound" : "outbound";
  const units = emitUnits({ ...app, user, hardening: { profile, [field]: value } });
  return units["shop.service"]!.split("\n").filter((line) =>
    line.startsWith(`${sandboxDirectives[field].key}=`),
  );
}

/** What to write to turn a directive off, or to loosen it. Each value is tried here. */
function loosened(field: SandboxField): string {
  const part = partly[field];
  const choices = part === undefined ? [] : [part];
  let needsUser = false;
  try {
    expect(linesWith(field, false)).toEqual([]);
  } catch {
    needsUser = true;
    try {
      expect(linesWith(field, false, "shop")).toEqual([]);
    } catch {
      return "";
    }
  }
  for (const choice of choices) expect(linesWith(field, choice).length).toBeGreaterThan(0);
  const written = (value: unknown) => `\`${field}: ${JSON.stringify(value).replaceAll(",", ", ")}\``;
  return [...choices.map(written), `${written(false)}${needsUser ? ", and set `user` too" : ""}`].join(
    ", or ",
  );
}

function directiveSections(): string {
  const written = explained.filter(({ directive, status }) => status === "added" && fields.has(directive));
  return byDirective(written)
    .map(([directive, explanations]) => {
      const of = (profile: string) => explanations.filter((explanation) => explanation.profile === profile);
      const values = perProfile(
        (profile) => {
          const texts = of(profile).map(({ value = "" }) => code(value));
          return texts.length === 0 ? "left out" : texts.join(" and ");
        },
        ([inbound, outbound]) => `${inbound} under \`inbound\`, ${outbound} under \`outbound\``,
      );
      const costs = perProfile(
        (profile) => unique(of(profile).map(({ cost }) => cost)).join(" "),
        ([inbound, outbound]) => `Under \`inbound\`: ${inbound} Under \`outbound\`: ${outbound}`,
      );
      const loosen = loosened(fields.get(directive.slice(0, -1))!);
      return [
        `### ${code(directive)}\n`,
        `${marked(unique(explanations.map(({ reason }) => reason)).join(" "))}\n`,
        `- **Value:** ${values}`,
        ...(costs === "" ? [] : [`- **What breaks:** ${marked(costs)}`]),
        ...(loosen === "" ? [] : [`- **To loosen it:** ${loosen}`]),
        "",
      ].join("\n");
    })
    .join("\n");
}

function leftOut(): string {
  return byDirective(explained.filter(({ status }) => status === "left out"))
    .map(([directive, explanations]) => {
      const by = explanations.length === 2 ? "" : ` in \`${explanations[0]!.profile}\``;
      return `- **${code(directive)}**${by}: ${marked(explanations[0]!.reason)}`;
    })
    .join("\n");
}

const settingTitles: Record<string, string> = {
  inbound: "`inbound`",
  outbound: "`outbound`",
  "outbound, jitless": "`outbound` with `jitless: true`",
};

const calls: Record<string, string> = {
  "write elsewhere": "Writing outside the app's own folders",
  chown: "`chown()`",
  "listen on a port of its own": "`listen()` on another TCP port",
  "listen on a unix socket of its own": "`listen()` on another unix socket",
  "bind UDP": "UDP sockets",
};

function notices(): string {
  return Object.entries(failures)
    .map(([setting, failed]) => {
      const lines = Object.entries(failed).map(([feature, outcome]) => {
        const call = calls[feature] ?? (feature.endsWith("()") ? code(feature) : feature);
        return `- ${call}${outcome === "empty" ? " returns an empty array" : ` fails with ${outcome.split(" or ").map(code).join(" or ")}`}`;
      });
      return `### Under ${settingTitles[setting]}\n\n${lines.join("\n")}\n`;
    })
    .join("\n")
    .replaceAll("UDP sockets fails", "UDP sockets fail");
}

const listOf = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries)
    .map(([directive, reason]) => `- ${code(`${directive}=`)}: ${marked(reason)}`)
    .join("\n");

const kinds: Record<keyof typeof reasonsOf, string> = {
  node: "For Node, but not in a container",
  sleep: "For an app that may sleep",
  handover: "With `handover: true`",
  handoverVariables: "Variables with `handover: true`",
  noRestart: "With a restart policy that does not restart after a failure",
  condition: "For the socket of a service with a condition",
  capability: 'With `bind: "capability"`',
  proxy: 'For the proxy, with `bind: "proxy"`',
  proxied: 'For the app, with `bind: "proxy"`',
  healthSocket: "For the socket that answers probes, with `health.listen`",
  healthService: "For the program that answers a probe, with `health.listen`",
  container: "For a container",
};

it("docs/hardening.md has the lines that are written and those that are left out, each with its reason", async () => {
  const sections = [
    intro,
    "## What breaks under each profile?\n",
    "A test program uses every part of Node: WebAssembly, workers, child processes, zlib, crypto, the thread pool, Intl, files and sockets. A real systemd runs it under each profile, on Node 20, 22, 24 and 26. Everything works, with these exceptions:\n",
    notices(),
    "## What does each directive do?\n",
    "These are the lines of the sandbox, in the same order as in the unit.\n",
    directiveSections(),
    "## What is left out, and why?\n",
    "If you know the machine, you can add some of these directives. If a directive has no field, write it in [`raw`](units.md#directives-that-have-no-field).\n",
    leftOut(),
    "\n## Which other lines are added?\n",
    "`emitUnits` adds these lines to your units too. They are not part of the sandbox.\n",
    listOf(reasons),
    ...Object.entries(kinds).map(
      ([kind, title]) => `\n### ${title}\n\n${listOf(reasonsOf[kind as keyof typeof reasonsOf])}`,
    ),
    "\n[Ways to port 80](ports.md) explains `bind`. [In a container](units.md#in-a-container) explains `container`.\n",
    "## How is the sandbox tested?\n",
    [
      "- `packages/units/test/whole-app.test.ts` runs the test program above under a real systemd.",
      "- `packages/units/test/security.test.ts` asks `systemd-analyze security` for each rating. If a directive still counts in the rating, this page must give a reason for it.",
      "- `packages/units/src/hardening-docs.test.ts` makes this page from the tables of the package, and tries each value after **To loosen it**. To update the page, run `npx vitest run packages/units/src/hardening-docs.test.ts -u`.",
    ].join("\n"),
  ];
  await expect(`${sections.join("\n")}\n`).toMatchFileSnapshot("../../../docs/hardening.md");
});
