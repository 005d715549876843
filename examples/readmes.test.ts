import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text as readText } from "node:stream/consumers";
import { promisify } from "node:util";
import {
  type AppProcess,
  certificateOf,
  DEADLINE,
  freeAddress,
  type HttpAnswer,
  httpRequest,
  openConnection,
  socketActivate,
  startProcess,
} from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesInGit, handwrittenPages } from "../scripts/lib/blocks/pages.ts";
import { type Snippet, snippetsOf } from "../scripts/lib/blocks/snippets.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "..");

/** The pages with code of apps. The code in packages/testing is tests of an app that a page does not have. */
const pages = handwrittenPages(filesInGit(repository)).filter((page) =>
  /^(?:README\.md|docs\/|examples\/|packages\/(?!test(?:ing|kit)\/))/.test(page),
);

const snippets = pages.flatMap(snippetsOf);
const inCommonJs = snippets.filter(({ title, code }) => title.endsWith("CommonJS") && code !== "");

/** The first answer of an app that is about to listen. Fails if the app ends instead. */
async function firstAnswer(app: AppProcess, address: string): Promise<HttpAnswer> {
  let answer: HttpAnswer | undefined;
  const ended = app.ended.then((status) =>
    Promise.reject(new Error(`The app ended with status ${status}: ${app.stderr}`)),
  );
  ended.catch(() => {});
  while (answer === undefined)
    answer = await Promise.race([httpRequest(address).catch(() => undefined), ended]);
  return answer;
}

describe("code pasted into a folder of npm init -y", () => {
  const folders: string[] = [];
  let packageJson: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-init-"));
    folders.push(folder);
    await run("npm", ["init", "-y"], { cwd: folder });
    packageJson = readFileSync(join(folder, "package.json"), "utf8");
  });
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

  /** Makes a folder as `npm init -y` and `npm install` leave it, with the snippet in it. */
  function paste({ file, code }: Snippet): string {
    const folder = mkdtempSync(join(tmpdir(), "sockact-snippet-"));
    folders.push(folder);
    writeFileSync(join(folder, "package.json"), packageJson);
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    for (const unit of ["shop.socket", "shop.service"])
      if (code.includes("readFileSync")) writeFileSync(join(folder, unit), "[Unit]\nDescription=shop\n");
    writeFileSync(join(folder, file), code.replaceAll(/\/etc\/(?:systemd\/system|shop)\//g, `${folder}/`));
    return folder;
  }

  test("npm init -y asks for CommonJS, and both forms of each block are found", () => {
    expect(JSON.parse(packageJson)).toMatchObject({ type: "commonjs" });
    expect(snippets.length).toBeGreaterThanOrEqual(30);
    // A block with the comment <!-- ESM only: reason --> has no form in CommonJS.
    const missing = snippets.filter(({ code, isEsmOnly }) => code === "" && !isEsmOnly);
    expect(missing.map(({ title }) => title)).toEqual([]);
  });

  test("in CommonJS, the units start the file that the page says to save", () => {
    expect(inCommonJs.filter(({ code }) => code.includes("server.mjs")).map(({ title }) => title)).toEqual(
      [],
    );
  });

  test.each(pages)("says to install each package that its code imports: %s", (page) => {
    const markdown = readFileSync(join(repository, page), "utf8");
    if (!markdown.includes("npm install ")) return;
    const imported = snippetsOf(page).flatMap(
      ({ code }) => code.match(/(?<= from ")(?!node:)[^"]+(?=";)/g) ?? [],
    );
    const installed = (markdown.match(/^ *npm install .*/gm) ?? []).flatMap((line) => line.split(/\s+/));
    expect(installed).toEqual(expect.arrayContaining(imported));
  });

  test("in CommonJS, each block is a program, and each name that it requires exists", async () => {
    const blocks = inCommonJs.map(({ title, code }) => ({
      title,
      code,
      required: [...code.matchAll(/const \{([^}]+)\} = require\("([^"]+)"\);/g)].map(
        ([, names = "", from = ""]) => ({
          from,
          names: names.split(",").map((name) => name.split(":")[0]!.trim()),
        }),
      ),
    }));
    const check = `
      const { compileFunction } = require("node:vm");
      for (const { title, code, required } of ${JSON.stringify(blocks)}) {
        try { compileFunction(code, ["require", "module", "exports"]); }
        catch (error) { console.log(title + ": " + error); }
        for (const { from, names } of required)
          for (const name of names) if (name !== "" && !(name in require(from))) console.log(title + ": " + from + " has no " + name);
      }`;
    const cwd = paste({ title: "", language: "js", file: "check.js", code: check, isEsmOnly: false });
    expect((await run(process.execPath, ["check.js"], { cwd })).stdout).toBe("");
    expect(blocks.flatMap(({ required }) => required).length).toBeGreaterThan(20);
  });

  const titled = (which: (code: string) => boolean, form?: "ES module" | "CommonJS") =>
    snippets
      .filter((snippet) => which(snippet.code))
      .filter((snippet) => form === undefined || inCommonJs.includes(snippet) === (form === "CommonJS"))
      .map((snippet) => [snippet.title, snippet] as const);

  const isTls = (code: string) => code.includes("https: { tls }");
  const takes = (code: string) =>
    !isTls(code) && /listen\((?:3000|\{ port: 3000|server, )/.test(code) && !listens(code);
  const listens = (code: string) => code.includes("@sockact/notify");
  const isDatagram = (code: string) => code.includes("bindDatagram");
  const isDescriptor = (code: string) => code.includes("claimSocket");
  const isServer = (code: string) => [takes, listens, isTls, isDatagram, isDescriptor].some((is) => is(code));

  const serves = async (_title: string, snippet: Snippet): Promise<void> => {
    const cwd = paste(snippet);
    const address = await freeAddress("tcp4");
    await using app = await socketActivate([address], [process.execPath, snippet.file], { cwd });
    expect(await httpRequest(address)).toMatchObject({ status: 200 });
    expect(app.stderr).not.toContain("SOCKACT_");
  };
  // The code in CommonJS is that of the ES modules. The test above compiles it.
  test.concurrent.each(titled(takes, "ES module"))("serves the socket that it is passed: %s", serves);
  test.concurrent.each(titled(takes, "CommonJS"))(
    "serves the socket that it is passed: %s",
    { tags: "campaign" },
    serves,
  );

  test.concurrent.each(titled(listens))("serves its port until SIGTERM: %s", async (_title, snippet) => {
    const address = await freeAddress("tcp4");
    const code = snippet.code.replace("3000", address.split(":")[1]!);
    await using app = startProcess([process.execPath, snippet.file], { cwd: paste({ ...snippet, code }) });
    expect(await firstAnswer(app, address)).toMatchObject({ status: 200, body: "hello" });
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
  });

  describe.each(titled(isTls))("with a socket for http and one for https: %s", (_title, snippet) => {
    test("serves http on the first and https on the second", async () => {
      const cwd = paste(snippet);
      const { key, cert } = certificateOf("localhost");
      copyFileSync(key, join(cwd, "key.pem"));
      copyFileSync(cert, join(cwd, "cert.pem"));
      const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
      const command = [process.execPath, snippet.file];
      await using app = await socketActivate(addresses, command, { cwd, names: ["http", "https"] });
      expect(await httpRequest(addresses[0])).toMatchObject({ status: 200, body: "hello over http" });
      const url = `https://${addresses[1]}/`;
      const [response] = await once(get(url, { rejectUnauthorized: false }), "response");
      expect(await readText(response)).toBe("hello over https");
      expect(app.stderr).not.toContain("SOCKACT_");
    });

    test("speaks plain HTTP when you start it yourself", async () => {
      const address = await freeAddress("tcp4");
      const code = snippet.code.replace("3000", address.split(":")[1]!);
      await using app = startProcess([process.execPath, snippet.file], { cwd: paste({ ...snippet, code }) });
      expect(await firstAnswer(app, address)).toMatchObject({ status: 200, body: "hello over http" });
    });
  });

  test.concurrent.each(titled(isDatagram))("answers datagrams: %s", async (_title, snippet) => {
    const address = await freeAddress("tcp6");
    const how = ["--datagram"];
    const command = [process.execPath, snippet.file];
    const cwd = paste(snippet);
    await using _app = await socketActivate([address], command, { cwd, how, names: ["dns"] });
    const client = createSocket("udp6");
    client.send("ping", Number(address.split("]:")[1]), "::1");
    const [message] = await once(client, "message", { signal: AbortSignal.timeout(DEADLINE) });
    client.close();
    expect(String(message)).toBe("ping");
  });

  test.concurrent.each(titled(isDescriptor))("finds its socket: %s", async (_title, snippet) => {
    const address = await freeAddress("tcp4");
    const command = [process.execPath, snippet.file];
    await using app = await socketActivate([address], command, { cwd: paste(snippet), names: ["raw"] });
    openConnection(address).on("error", () => {});
    expect(await app.ended).toBe(0);
  });

  const FAILURES = [
    ["rollingRestart", /sockact-shop\.lock cannot be locked/],
    ["prove", /code: 'SOCKACT_ERR_PROVE_UNAVAILABLE'/],
  ] as const;
  const runs = async (_title: string, snippet: Snippet): Promise<void> => {
    const cwd = paste(snippet);
    // This PATH leads to no program, so a rolling restart or a trial fails before it changes anything.
    const env = { PATH: cwd };
    const { stdout, stderr } = await run(process.execPath, [snippet.file], { cwd, env }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    const seen = [stdout, stderr, ...readdirSync(cwd)].join("\n");
    const [, printed = /[\w-]+@?\.service/] =
      FAILURES.find(([calls]) => snippet.code.includes(`${calls}(`)) ?? [];
    expect(seen).toMatch(printed);
    expect(seen).not.toMatch(/^(?:Syntax|Reference|Type)?Error\b/m);
  };
  const isProgram = (code: string) => code !== "" && !isServer(code);
  test.concurrent.each(titled(isProgram, "ES module"))("runs: %s", runs);
  test.concurrent.each(titled(isProgram, "CommonJS"))("runs: %s", { tags: "campaign" }, runs);

  test("the snippets in TypeScript compile", async () => {
    const typed = snippets.filter(({ language, code }) => language === "ts" || code.includes("RollingError"));
    expect(typed.length).toBeGreaterThan(0);
    const folder = paste({ title: "", language: "ts", file: "empty.js", code: "", isEsmOnly: true });
    const files = typed.map(({ code }, index) => {
      writeFileSync(join(folder, `${index}.mts`), code);
      return `${index}.mts`;
    });
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--types", "node"];
    await run(process.execPath, [tsc, ...options, ...files], { cwd: folder }).catch(({ stdout }) => {
      throw new Error(stdout);
    });
  });
});
