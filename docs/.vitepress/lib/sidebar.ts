import type { DefaultTheme } from "vitepress";
import commands from "../../commands/[command].paths.ts";
import { entryPoints } from "./entry-points.ts";

/** The order of the pages. */
export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: "Start",
    items: [
      { text: "Why sockact", link: "/why" },
      { text: "Port 80 in five minutes", link: "/start" },
      { text: "How it works", link: "/how-it-works" },
    ],
  },
  {
    text: "Your app",
    items: [
      { text: "Examples that run", link: "/examples" },
      { text: "Express", link: "/frameworks/express" },
      { text: "Koa", link: "/frameworks/koa" },
      { text: "Fastify", link: "/frameworks/fastify" },
      { text: "NestJS", link: "/frameworks/nestjs" },
      { text: "Hono, and any Node server", link: "/frameworks/http" },
      { text: "TypeScript", link: "/frameworks/typescript" },
      { text: "Any app, unchanged", link: "/preload" },
      { text: "Apps from npm", link: "/apps" },
      { text: "While you develop", link: "/run" },
      { text: "HTTPS from Let's Encrypt", link: "/first-certificate" },
      { text: "TLS and HTTP/2", link: "/tls" },
      { text: "Behind a load balancer", link: "/proxy-protocol" },
      { text: "Health checks", link: "/health" },
      { text: "Cluster", link: "/cluster" },
      { text: "Every kind of socket", link: "/sockets" },
      { text: "Tracing agents", link: "/tracing" },
    ],
  },
  {
    text: "Operating it",
    items: [
      { text: "Install", link: "/install" },
      { text: "Describe your app", link: "/config" },
      { text: "Where code, settings and secrets live", link: "/files-and-secrets" },
      { text: "Deploy, roll back, uninstall", link: "/deploy" },
      { text: "Deploy with Ansible", link: "/ansible" },
      { text: "See, log, reload, restart", link: "/operate" },
      { text: "Several apps on one host", link: "/several-apps" },
      { text: "What clients notice", link: "/clients" },
      { text: "Many hosts", link: "/many-hosts" },
      { text: "HAProxy, nginx and Caddy", link: "/load-balancers" },
      { text: "Take a host out", link: "/drain" },
      { text: "Ready, reload, stop, watchdog", link: "/lifecycle" },
      { text: "Sleep", link: "/sleep" },
      { text: "Restarts and crashes", link: "/restarts" },
      { text: "Status and events", link: "/events" },
      { text: "Handover", link: "/handover" },
      { text: "Rolling restart", link: "/rolling-restart" },
      { text: "Probes while the app sleeps", link: "/health-socket" },
      { text: "Ways to port 80", link: "/ports" },
      { text: "Sandboxing", link: "/hardening" },
      { text: "Directives of the sandbox", link: "/directives" },
      { text: "Units", link: "/units" },
      { text: "Unit builder", link: "/builder" },
      { text: "Check your units", link: "/check" },
    ],
  },
  {
    text: "Troubleshooting",
    items: [
      { text: "Find out what is wrong", link: "/troubleshooting" },
      { text: "Common mistakes", link: "/mistakes" },
      { text: "sockact doctor", link: "/doctor" },
      { text: "Errors and warnings", link: "/errors" },
      { text: "sockact lint", link: "/lint" },
      { text: "All codes", link: "/codes/" },
    ],
  },
  {
    text: "Coming from",
    items: [
      { text: "nginx", link: "/coming-from/nginx" },
      { text: "pm2", link: "/coming-from/pm2" },
      { text: "Docker", link: "/coming-from/docker" },
      { text: "SvelteKit", link: "/coming-from/sveltekit" },
      { text: "systemd packages", link: "/coming-from/systemd" },
    ],
  },
  {
    text: "Reference",
    items: [
      {
        text: "Command line",
        link: "/command-line",
        collapsed: true,
        items: commands
          .paths()
          .map(({ params: { command } }) => ({ text: command, link: `/commands/${command}` })),
      },
      {
        text: "API",
        link: "/reference/",
        collapsed: true,
        items: entryPoints.map(({ name, page }) => ({ text: name, link: `/${page}` })),
      },
      { text: "The protocol", link: "/protocol" },
      { text: "Write an adapter", link: "/adapters" },
      { text: "Versions and support", link: "/versioning" },
      { text: "Tested versions", link: "/tested" },
    ],
  },
  {
    text: "About",
    items: [
      { text: "Comparison", link: "/comparison" },
      {
        text: "Benchmarks",
        link: "/benchmarks",
        collapsed: true,
        items: [{ text: "All figures", link: "/benchmark-data" }],
      },
      { text: "Security", link: "/security" },
    ],
  },
];

/** The addresses in a sidebar, in its order. */
export function linksOf(items: readonly DefaultTheme.SidebarItem[]): string[] {
  return items.flatMap(({ link, items: inner = [] }) => [...(link ? [link] : []), ...linksOf(inner)]);
}
