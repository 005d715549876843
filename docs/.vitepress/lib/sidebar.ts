import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DefaultTheme } from "vitepress";
import commands from "../../commands/[command].paths.ts";
import { entryPoints } from "./entry-points.ts";
import { generatedPages } from "./generated-pages.ts";

const docs = join(import.meta.dirname, "../..");

/** The heading of a page, without formatting. */
function titleOf(link: string): string {
  const file = `${link.slice(1).replace(/\/$/, "/index")}.md`;
  const text = generatedPages.get(file) ?? readFileSync(join(docs, file), "utf8");
  return /^# (.*)/m.exec(text)![1]!.replaceAll("`", "");
}

/** Pages under their own titles, so that a reader finds the name on which they have clicked. */
const pages = (...links: string[]): DefaultTheme.SidebarItem[] =>
  links.map((link) => ({ text: titleOf(link), link }));

/** The order of the pages. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  { text: "Start", items: pages("/why", "/start", "/how-it-works") },
  {
    text: "Your app",
    items: pages(
      "/examples",
      "/frameworks/express",
      "/frameworks/koa",
      "/frameworks/fastify",
      "/frameworks/nestjs",
      "/frameworks/hono",
      "/frameworks/h3",
      "/frameworks/hapi",
      "/frameworks/adonisjs",
      "/frameworks/astro",
      "/frameworks/http",
      "/frameworks/typescript",
      "/preload",
      "/apps",
      "/run",
      "/prove",
      "/prove-ci",
      "/first-certificate",
      "/tls",
      "/proxy-protocol",
      "/health",
      "/cluster",
      "/sockets",
      "/tracing",
    ),
  },
  {
    text: "Operating it",
    items: pages(
      "/install",
      "/config",
      "/files-and-secrets",
      "/deploy",
      "/ansible",
      "/chores",
      "/operate",
      "/watch",
      "/metrics",
      "/several-apps",
      "/hosts",
      "/proxy-restarts",
      "/twenty-apps",
      "/clients",
      "/many-hosts",
      "/load-balancers",
      "/drain",
      "/lifecycle",
      "/containers",
      "/sleep",
      "/restarts",
      "/events",
      "/handover",
      "/rolling-restart",
      "/health-socket",
      "/ports",
      "/hardening",
      "/directives",
      "/units",
      "/builder",
      "/check",
    ),
  },
  {
    text: "When something is wrong",
    items: pages("/troubleshooting", "/mistakes", "/doctor", "/errors", "/lint", "/codes/"),
  },
  {
    text: "Coming from",
    items: pages(
      "/coming-from/nginx",
      "/coming-from/pm2",
      "/coming-from/docker",
      "/coming-from/dokku",
      "/coming-from/sveltekit",
      "/coming-from/systemd",
    ),
  },
  {
    text: "Reference",
    items: [
      ...pages("/command-line").map((page) => ({
        ...page,
        collapsed: true,
        items: pages(...commands.paths().map(({ params: { command } }) => `/commands/${command}`)),
      })),
      {
        // The pages of the reference exist only after they were generated.
        text: "API reference",
        link: "/reference/",
        collapsed: true,
        items: entryPoints.flatMap(({ name, page, parts = [] }) =>
          [{ name, page }, ...parts].map((one) => ({ text: one.name, link: `/${one.page}` })),
        ),
      },
      ...pages("/protocol", "/adapters", "/versioning", "/bun-and-deno", "/tested"),
    ],
  },
  {
    text: "About",
    items: [
      ...pages("/comparison"),
      ...pages("/benchmarks").map((page) => ({ ...page, collapsed: true, items: pages("/benchmark-data") })),
      ...pages("/security"),
    ],
  },
];

/** The addresses in a sidebar, in its order. */
export function linksOf(items: readonly DefaultTheme.SidebarItem[]): string[] {
  return items.flatMap(({ link, items: inner = [] }) => [...(link ? [link] : []), ...linksOf(inner)]);
}
