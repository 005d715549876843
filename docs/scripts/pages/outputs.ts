import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type AppDescription, emitUnits, explain, explanationText } from "@sockact/units";
import { sandboxDirectives } from "../../../packages/units/src/lib/read/sandbox/directives.ts";
import { gitea } from "../../../packages/units/test/gitea.ts";

const root = join(import.meta.dirname, "../../..");

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

/**
 * The units of each description that docs/ports.md, docs/rolling-restart.md and docs/handover.md show, by the
 * files that hold them.
 */
const described: [AppDescription, Record<string, string>][] = [
  [gitea, { "gitea.socket": "outputs/gitea.socket", "gitea.service": "outputs/gitea.service" }],
  [
    shop,
    { "shop.socket": "outputs/shop-by-socket.socket", "shop.service": "outputs/shop-by-socket.service" },
  ],
  [{ ...shop, bind: "capability" }, { "shop.service": "outputs/shop-by-capability.service" }],
  [
    { ...shop, bind: "proxy", backend: "/run/shop/app.sock", idleTimeout: "5min" },
    {
      "shop.socket": "outputs/shop-by-proxy.socket",
      "shop@proxy.service": "outputs/shop-by-proxy@proxy.service",
      "shop.service": "outputs/shop-by-proxy.service",
    },
  ],
  [
    { ...shop, rolling: true },
    { "shop.socket": "outputs/shop-rolling.socket", "shop@.service": "outputs/shop-rolling@.service" },
  ],
  [{ ...shop, handover: true }, { "shop.service": "outputs/shop-handover.service" }],
];

/** A unit without its sandbox, which another page explains. */
function withoutSandbox(text: string): string {
  const sandbox = new Set(Object.values(sandboxDirectives).map(({ key }) => key));
  return text
    .split("\n")
    .filter((line) => !sandbox.has(line.split("=")[0]!) || /=CAP_/.test(line))
    .join("\n");
}

function units(): [file: string, text: string][] {
  return described.flatMap(([description, files]) => {
    const written = emitUnits({ ...description, hardening: "none" });
    return Object.entries(files).map(([unit, file]): [string, string] => [
      file,
      `# ${unit}\n${withoutSandbox(written[unit]!)}`,
    ]);
  });
}

/** The entry of a directive in what `explain()` returns. */
function explanation(): string {
  const text = explanationText(explain(shop));
  const start = text.indexOf("PrivateTmp=");
  return text.slice(start, text.indexOf("PrivateDevices=", start));
}

/** What the example of docs/lint.md prints of the two units that the page shows before it. */
function linted(): string {
  const page = readFileSync(join(root, "docs/lint.md"), "utf8");
  const [, block] = /<!-- lint finds: [^\n]*\n+```ini\n([^]*?)```/.exec(page)!;
  const folder = mkdtempSync(join(tmpdir(), "sockact-docs-"));
  try {
    for (const [, name, text] of block!.matchAll(/^# (\S+)\n([^]*?)(?=\n# |$(?![^]))/gm))
      writeFileSync(join(folder, name!), text!);
    const example = join(root, "packages/units/test/programs/lint-units.ts");
    const options = ["--conditions=@sockact/source", "--import", import.meta.resolve("tsx")];
    const printed = execFileSync(process.execPath, [...options, example], { cwd: folder, encoding: "utf8" });
    return `${printed.trimEnd()}\n`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files in `docs/outputs` that need no running service. */
export function outputs(): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(units()),
    "outputs/units-explain.txt": explanation(),
    "outputs/lint-shop.txt": linted(),
  };
}
