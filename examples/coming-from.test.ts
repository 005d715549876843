// The files of docs/coming-from.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import process from "node:process";
import { text } from "node:stream/consumers";
import { certificateOf, freeAddress, httpRequest, socketActivate } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { describe, expect, onTestFinished, test } from "vitest";

const repository = join(import.meta.dirname, "..");

test("the description of the page about Docker becomes the Quadlet that the page shows", async () => {
  const config = new URL("coming-from/docker.config.mjs", import.meta.url);
  const { default: container } = await import(config.href);
  const units = emitUnits(container);
  expect(Object.keys(units).sort()).toEqual(["shop.container", "shop.socket"]);
  await expect(units["shop.container"]).toMatchFileSnapshot("../docs/outputs/coming-from-docker.txt");
});

test("the ecosystem file of the page about pm2 is one that Node loads", () => {
  const { apps } = createRequire(import.meta.url)("./coming-from/ecosystem.config.cjs");
  expect(apps).toMatchObject([{ name: "shop", exec_mode: "cluster" }]);
});

/** A folder with files of examples/coming-from, in which our packages can be found. */
function folderWith(...files: [from: string, to: string][]): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-coming-from-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  for (const [from, to] of files)
    copyFileSync(join(import.meta.dirname, "coming-from", from), join(folder, to));
  return folder;
}

describe("the servers of the pages, behind sockets", () => {
  test.each([
    ["Express", "nginx-server.mjs"],
    ["Fastify", "nginx-server-fastify.mjs"],
  ])("the %s one answers on https, redirects http there, and serves challenges", async (_framework, file) => {
    const cwd = folderWith([file, "server.mjs"]);
    const { key, cert } = certificateOf("localhost");
    copyFileSync(key, join(cwd, "key.pem"));
    copyFileSync(cert, join(cwd, "cert.pem"));
    const code = readFileSync(join(cwd, "server.mjs"), "utf8");
    writeFileSync(join(cwd, "server.mjs"), code.replace("/var/www/acme", join(cwd, "acme")));
    mkdirSync(join(cwd, "acme/.well-known/acme-challenge"), { recursive: true });
    writeFileSync(join(cwd, "acme/.well-known/acme-challenge/token-1"), "token-1.key");
    const [http, https] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using _app = await socketActivate([http, https], [process.execPath, "server.mjs"], {
      cwd,
      names: ["http", "https"],
      env: { NODE_ENV: "production" },
    });
    const { status, headers } = await httpRequest(http, "/cart?id=1", { headers: { host: "shop.example" } });
    expect({ status, location: headers.location }).toEqual({
      status: 308,
      location: "https://shop.example/cart?id=1",
    });
    const challenge = "/.well-known/acme-challenge/token-1";
    expect(await httpRequest(http, challenge)).toMatchObject({ status: 200, body: "token-1.key" });
    const [response] = await once(get(`https://${https}/`, { rejectUnauthorized: false }), "response");
    expect(await text(response)).toBe("hello 127.0.0.1");
  });

  test.each(["express", "koa", "fastify"])(
    "the %s app of the page about nginx trusts nginx, and no address that a client invents",
    async (framework) => {
      const cwd = folderWith([`proxy-${framework}.mjs`, "server.mjs"]);
      const address = join(cwd, "shop.sock");
      await using _app = await socketActivate([address], [process.execPath, "server.mjs"], { cwd });
      // With $proxy_add_x_forwarded_for, nginx adds the client's address after whatever the client has sent.
      const headers = { "x-forwarded-for": "198.51.100.7, 203.0.113.9", "x-forwarded-proto": "https" };
      const answer = await httpRequest(address, "/", { headers });
      expect(answer.json()).toEqual(["203.0.113.9", "https"]);
    },
  );

  test("the one of the page about other packages takes the socket of its name", async () => {
    const cwd = folderWith(["named.mjs", "server.mjs"]);
    const [http, other] = [await freeAddress("tcp4"), await freeAddress("tcp4")];
    await using _app = await socketActivate([http, other], [process.execPath, "server.mjs"], {
      cwd,
      names: ["http", "other"],
    });
    expect(await httpRequest(http)).toMatchObject({ status: 200, body: "hello" });
  });

  test("the one of the page about SvelteKit serves what adapter-node calls a handler", async () => {
    const cwd = folderWith(["sveltekit-server.mjs", "server.mjs"]);
    mkdirSync(join(cwd, "build"));
    writeFileSync(
      join(cwd, "build/handler.js"),
      "module.exports.handler = (request, response) => response.end(`page ${request.url}`);",
    );
    const address = await freeAddress("tcp4");
    await using _app = await socketActivate([address], [process.execPath, "server.mjs"], { cwd });
    expect(await httpRequest(address, "/about")).toMatchObject({ status: 200, body: "page /about" });
  });
});
