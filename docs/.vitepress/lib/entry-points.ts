export interface EntryPoint {
  /** What users import. */
  name: string;
  source: string;
  page: string;
  /** Markdown for the top of the page. The list of all pages has its first sentence. */
  about: string;
  /** Types that have a page of their own, since they would make the page too long. */
  parts?: readonly { name: string; page: string; about: string; types: readonly string[] }[];
}

const guide = (page: string, title: string): string => `[${title}](../${page}.md)`;

const adapter = (name: string, page: string): string =>
  `Makes ${name} apps listen on the sockets that systemd passes. ${guide(page, name)} shows how to use the package; this page lists what you can import.`;

/** What users can import, and the source of it. The reference has a page for each. */
export const entryPoints: readonly EntryPoint[] = [
  {
    name: "@sockact/core",
    source: "packages/core/src/index.ts",
    page: "reference/core",
    about: `Makes any Node server listen on the sockets that systemd passes: http, https, http2, net, TLS and UDP. ${guide("frameworks/http", "Any Node server")} shows how to use the package; this page lists what you can import.`,
    parts: [
      {
        name: "Lifecycle and events",
        page: "reference/core-lifecycle",
        about: `The options for how an app starts, reloads, stops and sleeps, and its events. ${guide("lifecycle", "Ready, reload, stop, watchdog")} shows how to use them.`,
        types: ["LifecycleOptions", "SockactEvent"],
      },
    ],
  },
  {
    name: "@sockact/core/adapter",
    source: "packages/core/src/adapter.ts",
    page: "reference/core-adapter",
    about: `What an adapter for a framework is made of. An app does not need it. ${guide("adapters", "Write an adapter")} shows how to use it.`,
  },
  {
    name: "@sockact/express",
    source: "packages/express/src/index.ts",
    page: "reference/express",
    about: adapter("Express", "frameworks/express"),
  },
  {
    name: "@sockact/koa",
    source: "packages/koa/src/index.ts",
    page: "reference/koa",
    about: adapter("Koa", "frameworks/koa"),
  },
  {
    name: "@sockact/fastify",
    source: "packages/fastify/src/index.ts",
    page: "reference/fastify",
    about: adapter("Fastify", "frameworks/fastify"),
  },
  {
    name: "@sockact/notify",
    source: "packages/notify/src/index.ts",
    page: "reference/notify",
    about: `Tells systemd that a service is ready, reloading or stopping, and pings its watchdog. The adapters call it for you; ${guide("lifecycle", "Ready, reload, stop, watchdog")} says when.`,
  },
  {
    name: "@sockact/units",
    source: "packages/units/src/index.ts",
    page: "reference/units",
    about: `Writes the systemd units of a service and its sockets, and lints units. ${guide("units", "Units")} says which field you need for what.

If a field names no default, \`emitUnits\` writes nothing for it, and systemd's own default applies: its manual page says which. For a field of [HardeningOptions](#hardeningoptions), the profile's value applies, which ${guide("hardening", "Sandboxing")} lists.`,
    parts: [
      {
        name: "Fields of a service",
        page: "reference/units-service",
        about: `The fields of a description in \`sockact.config.ts\` and for \`emitUnits()\`. ${guide("config", "Describe your app")} shows how to use them.`,
        types: ["AppDescription", "ContainerDescription", "PreloadDescription"],
      },
      {
        name: "Fields of a socket",
        page: "reference/units-socket",
        about: `The fields of each entry in \`sockets\` of a description. ${guide("units", "Units")} says which you need for what.`,
        types: ["SocketDescription", "ProxyProtocolOptions"],
      },
      {
        name: "Fields of the sandbox",
        page: "reference/units-sandbox",
        about: `The fields of \`hardening\` in a description. ${guide("hardening", "Sandboxing")} shows how to loosen one thing.`,
        types: ["HardeningOptions"],
      },
    ],
  },
  {
    name: "sockact",
    source: "packages/cli/src/index.ts",
    page: "reference/sockact",
    about: `What \`sockact.config.ts\` and your scripts can import from the command line's package. ${guide("command-line", "Command line")} describes the commands.`,
  },
];
