import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import MiniSearch from "minisearch";
import { beforeAll, describe, expect, test } from "vitest";
import { keywords } from "../.vitepress/lib/keywords.ts";
import { miniSearch } from "../.vitepress/lib/search.ts";
import { built, pathsOf } from "./lib/built-site.ts";
import { questions } from "./questions.ts";

/**
 * What readers type, and the page that they want. Of two pages, one must be among the first three results.
 */
const queries: readonly (readonly [query: string, ...pages: string[]])[] = [
  ["port 80", "start", "ports"],
  ["port 80 in use", "troubleshooting", "codes/port-taken"],
  ["address already in use", "troubleshooting", "codes/port-taken"],
  ["EADDRINUSE", "troubleshooting"],
  ["permission denied", "troubleshooting"],
  ["SyntaxError", "troubleshooting"],
  ["Unexpected token", "troubleshooting", "codes/SOCKACT_ERR_CONFIG_SYNTAX"],
  ["Unexpected token 'export'", "codes/SOCKACT_ERR_CONFIG_SYNTAX"],
  ["Cannot find module", "troubleshooting"],
  ["203/EXEC", "troubleshooting"],
  ["226/NAMESPACE", "troubleshooting"],
  ["502", "troubleshooting"],
  ["curl hangs", "troubleshooting"],
  ["my app does not answer", "troubleshooting"],
  ["why is my service not starting", "troubleshooting", "doctor"],
  ["sudo: npx: command not found", "install", "start"],
  ["nvm", "troubleshooting", "files-and-secrets"],
  ["SOCKACT_WARN_UNCLAIMED", "codes/SOCKACT_WARN_UNCLAIMED"],
  ["what does SOCKACT_WARN_UNCLAIMED mean", "codes/SOCKACT_WARN_UNCLAIMED"],
  ["port-taken", "codes/port-taken"],
  ["SOCKACT_ERR_CONFIG_INVALID", "codes/SOCKACT_ERR_CONFIG_INVALID"],
  ["/root", "files-and-secrets"],
  ["move app to /root", "files-and-secrets"],
  [".env", "start", "files-and-secrets"],
  ["dotenv", "files-and-secrets"],
  ["where do I put secrets", "files-and-secrets"],
  ["sqlite", "files-and-secrets", "troubleshooting"],
  ["unable to open database file", "troubleshooting"],
  ["SQLITE_CANTOPEN", "troubleshooting"],
  ["postgres", "hardening"],
  ["database socket", "hardening", "troubleshooting"],
  ["rollback", "deploy"],
  ["roll back", "deploy"],
  ["how do I roll back", "deploy"],
  ["symlink", "deploy"],
  ["uninstall", "deploy"],
  ["logs", "operate"],
  ["how do I see the logs of my app", "operate"],
  ["how do I restart my app without downtime", "rolling-restart"],
  ["zero downtime", "rolling-restart"],
  ["rolingRestart", "rolling-restart", "reference/sockact"],
  ["what happens to websockets when I restart", "lifecycle"],
  ["websocket", "frameworks/http", "lifecycle"],
  ["idleTimeout", "sleep"],
  ["scale to zero", "sleep"],
  ["onEvent", "events"],
  ["healthz", "health"],
  ["readiness probe", "health"],
  ["drainTimeout", "lifecycle"],
  ["certificate", "first-certificate", "tls"],
  ["rotate certificates", "tls"],
  ["how do I rotate certificates", "tls"],
  ["self-signed certificate", "tls"],
  ["Let's Encrypt", "first-certificate"],
  ["letsencrypt", "first-certificate"],
  ["certbot", "first-certificate"],
  ["letsencrypt certbot https", "first-certificate"],
  ["cloudflare", "proxy-protocol"],
  ["environment variables", "files-and-secrets"],
  ["prometheus", "metrics"],
  ["junit", "prove"],
  ["redirect http to https", "tls", "coming-from/nginx"],
  ["domain", "several-apps"],
  ["can two apps share port 80", "several-apps"],
  ["many apps one server", "twenty-apps"],
  ["multiple domains one vps", "twenty-apps"],
  ["traefik alternative", "coming-from/dokku"],
  ["dokku", "coming-from/dokku"],
  ["coolify", "coming-from/dokku"],
  ["does it work in Docker", "coming-from/docker"],
  ["docker", "coming-from/docker"],
  ["pm2", "coming-from/pm2"],
  ["nest", "frameworks/nestjs"],
  ["hono", "frameworks/hono"],
  ["srvx", "frameworks/h3"],
  ["hapi", "frameworks/hapi"],
  ["adonis", "frameworks/adonisjs"],
  ["astro", "frameworks/astro"],
  ["nitro", "frameworks/h3", "apps"],
  ["react router", "apps"],
  ["http-server", "apps"],
  ["typescript", "frameworks/typescript"],
  ["how do I start a TypeScript app", "frameworks/typescript", "deploy"],
  ["tsx", "frameworks/typescript"],
  ["remix", "apps"],
  ["bun", "bun-and-deno"],
  ["deno", "bun-and-deno"],
  ["which Ubuntu", "versioning", "start"],
  ["does it run on Ubuntu 22.04", "versioning"],
  ["upgrade node", "files-and-secrets", "versioning"],
  ["emitUnits", "units"],
  ["memoryMax", "reference/units-service"],
  ["types of systemdListen options", "reference/express", "reference/fastify"],
  ["SystemdListenOptions", "reference/express", "reference/fastify"],
];

describe("the search", () => {
  let index: MiniSearch;
  let sections: string[];
  let bytes: number;

  const idsOf = (query: string | typeof MiniSearch.wildcard): string[] =>
    index.search(query).map(({ id }) => (id as string).slice(base.length));
  const { base, pages } = pathsOf();

  beforeAll(async () => {
    const chunks = join(built, "assets/chunks");
    const file = readdirSync(chunks).find((name) => name.startsWith("@localSearchIndex"));
    const { default: json } = (await import(pathToFileURL(join(chunks, file ?? "")).href)) as {
      default: string;
    };
    // As VitePress does in the browser.
    index = MiniSearch.loadJSON(json, {
      ...miniSearch.options,
      searchOptions: miniSearch.searchOptions,
    } as never);
    sections = idsOf(MiniSearch.wildcard);
    console.info(`the index of the search: ${json.length} bytes, ${sections.length} sections`);
    bytes = json.length;
  });

  test("has an index of less than 1 MB", () => {
    expect(bytes).toBeLessThan(1_000_000);
  });

  test("knows every page", () => {
    const found = new Set(sections.map((section) => section.split("#")[0]));
    // The first page has no headings. Its links lead to the pages that say more.
    expect(pages.filter((page) => page !== "" && !found.has(page))).toEqual([]);
  });

  test.each(queries)("finds, for %s, the page %s among the first three", (query, ...wanted) => {
    const first = idsOf(query).slice(0, 3);
    const pagesOfFirst = first.map((id) => id.split("#")[0]!);
    // The three are in the message if none is wanted.
    expect(wanted.some((page) => pagesOfFirst.includes(page)) ? [] : first).toEqual([]);
  });

  test("finds the answers to 64 of 67 questions that people ask among the first three", () => {
    const ranks = questions.map(([question, answers]) => {
      const pagesOfResults = idsOf(question).map((id) => id.split("#")[0]!);
      const at = pagesOfResults.findIndex((page) => answers.includes(page));
      return { question, rank: at === -1 ? Infinity : at + 1, first: pagesOfResults.slice(0, 3) };
    });
    const missed = ranks.filter(({ rank }) => rank > 3);
    const list = ranks.map(
      ({ question, rank, first }) => `${rank}: ${question}${rank > 3 ? ` (first: ${first.join(", ")})` : ""}`,
    );
    expect(questions.length).toBe(67);
    expect(missed.length > 3 ? list : []).toEqual([]);
  });

  test("has keywords only for pages and headings that exist", () => {
    const starts = new Set([...sections, ...pages]);
    expect(Object.keys(keywords).filter((address) => !starts.has(address))).toEqual([]);
  });
});
