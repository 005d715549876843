import { expect, it } from "vitest";
import { failures } from "../test/whole-app.ts";
import { explain, type Explanation } from "./index.ts";
import { sandboxDirectives } from "./lib/read/sandbox/directives.ts";
import { reasons, reasonsOf } from "./lib/write/reasons.ts";

const intro = `# The sandbox, directive by directive

What \`@sockact/units\` writes into a service that nobody asked for, and why. Made from its tables by \`packages/units/src/hardening-docs.test.ts\`;
\`npx vitest run packages/units/src/hardening-docs.test.ts -u\` writes it anew. \`explain(description)\` tells the same of one description, \`explanationText()\` prints it, and
\`emitUnits(description, { comments: true })\` writes the reasons into the units.

| \`hardening\`            | for an app that                                                       | \`systemd-analyze security\` |
| ---------------------- | --------------------------------------------------------------------- | -------------------------- |
| \`"inbound"\`            | only answers what comes through its sockets                           | 0.2 SAFE                   |
| \`"outbound"\` (default) | opens connections too: to a database, to an API                       | 1.1 OK                     |
| \`"none"\`               | is to run as it would without; is still a user of its own by default | 8.2 EXPOSED, as root 9.4 UNSAFE |

## Single directives

\`\`\`ts
hardening: {
  profile: "outbound",
  ipAddressDeny: true, // but to the database:
  ipAddressAllow: ["localhost", "10.0.0.5"],
  restrictNamespaces: ["user"],
  protectHome: "read-only",
  privateIPC: false,
}
\`\`\`

The names are the directives' own in camelCase, but for \`umask\`. \`true\` writes a directive, \`false\` leaves it out, and what has choices of its own takes them.

- \`systemCallFilter\` adds to the profile's: \`["@resources"]\` allows what the profile forbids, \`["~@ipc"]\` forbids more. \`SystemCallErrorNumber=\` comes and goes with it.
- \`ambientCapabilities: ["CAP_NET_RAW"]\` bounds the service to it and leaves \`PrivateUsers=\` out, in which a capability means nothing.
- Without \`user\`, the service is a user that exists only while it runs (\`DynamicUser=\`), which implies \`NoNewPrivileges=\`, \`PrivateTmp=\`, \`ProtectSystem=strict\`, \`ProtectHome=read-only\`,
  \`RestrictSUIDSGID=\` and \`RemoveIPC=\`: turning one of them off is refused, as is whatever else contradicts itself.

## Folders

| field                    | where                          |                                                                                            |
| ------------------------ | ------------------------------ | ------------------------------------------------------------------------------------------ |
| \`stateDirectory\`         | \`/var/lib\`                     | what must stay. \`outbound\` has one named after the app unless it is \`false\`; it is \`$HOME\`, too |
| \`cacheDirectory\`         | \`/var/cache\`                   | what can be made again                                                                     |
| \`logsDirectory\`          | \`/var/log\`                     | logs that the journal is not to have                                                       |
| \`runtimeDirectory\`       | \`/run\`                         | what may go at the next boot, such as unix sockets                                         |
| \`configurationDirectory\` | \`/etc\`                         | what the app reads; a folder that is there already keeps its owner                         |
| \`readWritePaths\`         | anywhere                       | folders that are there and belong to the user                                              |

systemd makes the first five, gives those that it makes to the service's user, and sets \`$STATE_DIRECTORY\` and so on. Each has a mode: \`stateDirectoryMode: "0700"\`.
The instances of a rolling restart share them.

## Credentials

\`\`\`ts
credentials: {
  "tls.key": "/etc/letsencrypt/live/example.org/privkey.pem", // only root can read it, and the app
  "db.password": { path: "/etc/shop/db.password.cred", encrypted: true }, // made by systemd-creds encrypt
  greeting: { value: "Hello" }, // in the unit itself, where everyone can read it
},
importCredentials: ["shop.*"], // of those that the machine was given; systemd 254
\`\`\`

The app finds each as a file in \`$CREDENTIALS_DIRECTORY\`; [TLS](tls.md) takes them by their names.

## jitless

\`jitless: true\` runs Node with \`--jitless\`, in \`NODE_OPTIONS\`, so that child processes have it as well, and writes \`MemoryDenyWriteExecute=\`, which V8 cannot live with otherwise: what is in memory never
becomes a program. Measured on Node 20 and 26: a loop takes four times as long, a small server answers half as many requests a second on Node 20, a third on 26. There is no WebAssembly: \`fetch()\` fails, and on
Node 20 and 22 ends the process with an unhandled rejection. \`http.request()\` works.

On Node 22, an ES module that imports \`node:http\` ends with the same error (\`WebAssembly is not defined\`), because such an import loads the code of \`fetch()\`. Require \`node:http\` in a CommonJS module, or use another version of Node.

## compileCache

\`compileCache: true\` lets Node keep compiled code in the service's cache folder, so that it starts faster. It is off by default, for three reasons:

- The service can write to a folder of code that it runs later. Whoever takes over the app could leave code there that runs again after a restart. Without \`compileCache\`, a sandboxed service cannot change the code that it runs.
- The first start also writes the cache.
- The cache takes disk space, with one file for each module.
`;

const told = explain().filter(({ section }) => section === "Service");
const isSandbox = new Set(Object.values(sandboxDirectives).map(({ key }) => key));
const code = (text: string) => (text === "" ? "(empty)" : `\`${text}\``);

function table(head: string[], rows: string[][]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The explanations of each directive, in the order of the first. */
function byDirective(explanations: Explanation[]): [string, Explanation[]][] {
  const groups = new Map<string, Explanation[]>();
  for (const explanation of explanations) {
    const { directive, status, value } = explanation;
    const name = `${directive}=${status === "left out" ? (value ?? "") : ""}`;
    groups.set(name, [...(groups.get(name) ?? []), explanation]);
  }
  return [...groups];
}

const unique = (texts: (string | undefined)[]) => [...new Set(texts.filter((text) => text !== undefined))];

function prices(explanations: Explanation[]): string {
  const costs = unique(explanations.map(({ cost }) => cost));
  if (costs.length < 2) return costs.join("");
  return costs
    .map((cost) => `${explanations.find((explanation) => explanation.cost === cost)!.profile}: ${cost}`)
    .join(" ");
}

it("docs/hardening.md has what is written and what is left out, and why", async () => {
  const written = byDirective(
    told.filter(({ directive, status }) => status === "added" && isSandbox.has(directive)),
  ).map(([directive, explanations]) => {
    const values = (profile: string) =>
      explanations
        .filter((explanation) => explanation.profile === profile)
        .map(({ value = "" }) => code(value));
    return [
      code(directive),
      values("inbound").join(" "),
      values("outbound").join(" "),
      unique(explanations.map(({ reason }) => reason)).join(" "),
      prices(explanations),
    ];
  });
  const leftOut = byDirective(told.filter(({ status }) => status === "left out")).map(
    ([directive, explanations]) => [
      code(directive),
      explanations.length === 2 ? "" : explanations[0]!.profile,
      explanations[0]!.reason,
    ],
  );
  const settings = Object.keys(failures);
  const features = unique(Object.values(failures).flatMap((failed) => Object.keys(failed)));
  const notices = features.map((feature) => [
    feature,
    ...settings.map((setting) => failures[setting]![feature] ?? "works"),
  ]);
  const others = Object.entries(reasons).map(([directive, reason]) => [code(`${directive}=`), reason]);
  const ways = Object.entries(reasonsOf).flatMap(([way, own]) =>
    Object.entries(own).map(([directive, reason]) => [way, code(`${directive}=`), reason]),
  );
  const sections = [
    intro,
    "## What is written\n",
    table(["", "inbound", "outbound", "why", "the price"], written),
    "\n## What is left out\n",
    "Some of it is worth adding on a machine that one knows.\n",
    table(["", "by", "why"], leftOut),
    "\n## What an app notices\n",
    "A program that uses all of Node (`packages/units/test/programs/whole-app.mjs`: WebAssembly, workers, child processes, zlib, crypto, the thread pool, Intl, files and sockets) is run by a real systemd under " +
      "each, on Node 20, 22, 24 and 26. What is not in this table works.\n",
    table(["", ...settings], notices),
    "\n## What else is written\n",
    table(["", "why"], others),
    "\n## What is written for Node, and by a way to a port\n",
    "*node* is every service whose program is Node, but in a container. The others are `bind` and `container` of [@sockact/units](../packages/units/README.md#three-ways-to-port-80); *proxied* is the app behind the proxy.\n",
    table(["by", "", "why"], ways),
  ];
  await expect(`${sections.join("\n")}\n`).toMatchFileSnapshot("../../../docs/hardening.md");
});
