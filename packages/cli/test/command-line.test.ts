import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describeWith, startProcess } from "@sockact/testkit";
import { describe, expect, it, onTestFinished, test } from "vitest";
import { appFolder, run, sockact } from "./run.ts";

async function outcome(args: readonly string[], env: Record<string, string> = {}) {
  const running = startProcess([process.execPath, sockact, ...args], { env });
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

describe("sockact", () => {
  it("--help goes to stdout, with code 0", async () => {
    const { code, stdout, stderr } = await outcome(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: sockact /);
    expect(stdout).toMatch(/^ {2}run +\S/m);
  });

  it("run --help and help run print the same, within 80 columns", async () => {
    const { code, stdout } = await outcome(["run", "--help"]);
    expect(code).toBe(0);
    expect(await outcome(["help", "run"])).toEqual({ code: 0, stdout, stderr: "" });
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("--version prints the version of the package", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await outcome(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    ["no command", [], /^Usage: sockact /],
    [
      "an unknown command",
      ["rnu"],
      /^error: unknown command 'rnu' \(SOCKACT_ERR_USAGE\)\n\(Did you mean run\?\)\n$/,
    ],
    [
      "an option that others call so",
      ["install", "--port", "80"],
      /unknown option '--port' \(SOCKACT_ERR_USAGE\)\n\(Did you mean --listen\?\)\n$/,
    ],
    [
      "the beginning of an option",
      ["install", "--idle", "5min"],
      /unknown option '--idle' \(SOCKACT_ERR_USAGE\)\n\(Did you mean --idle-timeout\?\)\n$/,
    ],
    [
      "an unknown option",
      ["run", "--wach", "--", "node"],
      /unknown option '--wach' \(SOCKACT_ERR_USAGE\)\n.*--watch/,
    ],
    [
      "no command to run",
      ["run"],
      /^error: the command to run is missing \(SOCKACT_ERR_USAGE\)\n.*: sockact run -- node server\.js\n$/,
    ],
    ["nothing but a path to watch", ["run", "--watch", "src"], /: sockact run -- node server\.js\n$/],
    ["a command in the place of the path", ["run", "--watch", "node"], /: sockact run --watch -- node\n$/],
    ["an option without its value", ["run", "-l"], /argument missing \(SOCKACT_ERR_USAGE\)/],
  ])("%s is an error on stderr, with code 2", async (_, args, stderr) => {
    expect(await outcome(args)).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(stderr) as string,
    });
  });

  it("uses colours only if they are wanted", async () => {
    const escape = "\u001B[";
    expect((await outcome(["rnu"])).stderr).not.toContain(escape);
    expect((await outcome(["rnu"], { FORCE_COLOR: "1" })).stderr).toContain(escape);
    expect((await outcome(["rnu"], { FORCE_COLOR: "false" })).stderr).not.toContain(escape);
    expect((await outcome(["rnu"], { FORCE_COLOR: "1", NO_COLOR: "1" })).stderr).not.toContain(escape);
  });
});

test.each([
  ["import", "--input-type=module", "await import('sockact')"],
  ["require()", "--input-type=commonjs", "require('sockact')"],
])("%s of the library loads only what rollingRestart() uses", async (_, type, code) => {
  const list = "process.getBuiltinModule('node:module').createRequire('/')('node:module')._cache";
  const running = startProcess(
    [process.execPath, type, "-e", `${code}; console.log(JSON.stringify(Object.keys(${list})))`],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
    },
  );
  expect(await running.ended).toBe(0);
  const loaded = JSON.parse(running.stdout) as string[];
  expect(loaded.map((file) => basename(file)).toSorted()).toEqual([
    "analyze.cjs",
    "cli-error.cjs",
    "execute.cjs",
    "index.cjs",
    "own-command.cjs",
    "roll-error.cjs",
    "roll.cjs",
    "service-manager.cjs",
    "step.cjs",
    "unit-state.cjs",
  ]);
  const size = loaded.reduce((sum, file) => sum + statSync(file).size, 0);
  expect(size).toBeLessThan(45_000);
});

describeWith(
  { root: true, otherUsers: true, commands: ["setpriv"] },
  "for a user who may not read a folder",
  () => {
    const asNobody = (args: readonly string[], env: Record<string, string> = {}) => {
      const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      return startProcess([...user, process.execPath, sockact, "run", "-l", "0", ...args], { cwd: "/", env });
    };
    const unreadable = (): string => {
      const folder = mkdtempSync("/tmp/sockact-unreadable-");
      onTestFinished(() => rmSync(folder, { recursive: true }));
      return folder;
    };

    it("sockact run finds its command in another folder of PATH", async () => {
      const running = asNobody(["--", "true"], { PATH: `${unreadable()}:${process.env["PATH"]}` });
      expect(await running.ended).toBe(0);
    });

    it("--watch and a unix socket there are errors with a reason", async () => {
      const folder = unreadable();
      const watching = asNobody(["--watch", `${folder}/x`, "--", "true"]);
      expect(await watching.ended).toBe(2);
      expect(watching.stderr).toMatch(
        /^error: can't watch .*EACCES \(SOCKACT_ERR_RUN_WATCH\)\nYou may not read it/,
      );
      const listening = asNobody(["-l", `${folder}/x.sock`, "--", "true"]);
      expect(await listening.ended).toBe(1);
      expect(listening.stderr).toMatch(/EACCES.*\(SOCKACT_ERR_RUN_LISTEN\)\nYou may not read this folder/);
    });
  },
);

describe("sockact run refuses", () => {
  it.each([
    ["a host name", ["-l", "example.org:80"], /"example.org" is not an IP address/],
    ["a port that is too large", ["-l", "70000"], /needs a port from 0 to 65535/],
    ["nothing before the colon", ["-l", ":3000"], /Write 3000 for all addresses/],
    ["IPv6 without brackets", ["-l", "::1:80"], /in brackets: \[::1\]:80/],
    ["a path that is not whole", ["-l", "./x.sock"], /Write the whole path: \/.*x\.sock/],
    ["an address twice", ["-l", "/tmp/x", "-l", "/tmp/x"], /can't listen on \/tmp\/x and on \/tmp\/x/],
    ["an address of IPv4 inside of all", ["-l", "127.0.0.1:8", "-l", "0.0.0.0:8"], /one contains the other/],
    ["an address inside of another", ["-l", "8080", "-l", "[::1]:8080"], /one contains the other/],
    [
      "localhost beside its own address",
      ["-l", "localhost:80", "-l", "127.0.0.1:80"],
      /choose another port for it/,
    ],
    ["a path that is too long", ["-l", `/tmp/${"x".repeat(200)}`], /at most 10\d\. Use a shorter path/],
    ["fewer names than addresses", ["-l", "0", "-l", "0", "-n", "web"], /got 1 name for 2 addresses/],
    ["a colon in a name", ["-l", "0", "-n", "a:b"], /without a colon/],
    ["--accept with --watch", ["--accept", "--watch"], /can't be used together/],
    ["--on-demand with --datagram", ["--on-demand", "--datagram"], /can't wait for a datagram/],
    ["--max-connections alone", ["--max-connections", "3"], /no effect without --accept/],
    ["a duration without unit", ["--stop-timeout", "5"], /5s for seconds, or 5ms/],
    ["a number of connections that is none", ["--accept", "--max-connections", "many"], /must be a number/],
    [
      "a path to watch that is not there",
      ["--watch", "src"],
      /src: it does not exist .*\nCheck the path.* current folder, \//,
    ],
    [
      "one that is named as a command, with --",
      ["--watch", "node"],
      /node: it does not exist .*\nCheck the path/,
    ],
    ["a unix datagram socket", ["--datagram", "-l", "/tmp/x.sock"], /Node has no unix datagram sockets/],
  ])("%s, with code 2", async (_, options, stderr) => {
    const running = run([...options, "--", "node", "server.js"]);
    expect(await running.ended).toBe(2);
    expect(running.stderr).toMatch(/^error: .* \(SOCKACT_ERR_\w+\)\n/);
    expect(running.stderr).toMatch(stderr);
  });

  it.each([
    ["node is not there", [], ["-l", "0", "--watch", "node", "app.js"], 2, "-l 0 --watch -- node app.js"],
    ["node is a folder", ["node"], ["-w", "node", "app.js"], 127, "-w -- node app.js"],
    ["npm is not there", [], ["--watch", "npm", "start"], 2, "--watch -- npm start"],
  ])(
    "a command in the place of the path to watch, with the -- to write: %s",
    async (_, folders, args, code, corrected) => {
      const cwd = appFolder();
      for (const folder of folders) mkdirSync(`${cwd}/${folder}`);
      const running = run(args, { cwd });
      expect(await running.ended).toBe(code);
      expect(running.stderr).toContain("\nWrite -- before the command, so that ");
      expect(running.stderr).toContain(`: sockact run ${corrected}\n`);
    },
  );

  it.each([
    ["npm", ["npm", "start"], /command of the script instead: node server\.js/],
    ["npm run", ["npm", "run", "dev:all"], /command of the script instead: node --import tsx app\.ts/],
    [
      "npx",
      ["npx", "--yes", "next", "start", "-p", "80"],
      /Write node_modules\/\.bin\/next start -p 80 instead/,
    ],
    ["tsx", ["tsx", "app.ts"], /Write node --import tsx app\.ts instead/],
    ["nodemon", ["nodemon", "app.js"], /sockact run --watch -- node app\.js/],
    ["node --watch", ["node", "--watch", "app.js"], /sockact run --watch -- node app\.js/],
    ["node --run", ["node", "--run", "dev:all"], /node --import tsx app\.ts/],
    ["a script with a variable", ["npm", "run", "variable"], /-- env NODE_ENV=production node app\.ts"\n/],
    [
      "a script of several commands",
      ["npm", "run", "several"],
      /starts the app instead\. .* is: tsc && node app\n/,
    ],
    ["a script of another launcher", ["yarn", "nodemon"], /sockact run --watch=src -- node app\.js\n$/],
    ["a script that runs itself", ["npm", "run", "itself"], /Write the command itself/],
    [
      "a script of a program in node_modules",
      ["pnpm", "run", "next"],
      /script instead: node_modules\/\.bin\/next start\n/,
    ],
    ["a program without npx", ["pnpm", "other", "dev"], /Write node_modules\/\.bin\/other dev instead/],
    [
      "npm of another folder",
      ["npm", "--prefix", "sub", "start"],
      /: cd sub && sockact run -- node sub\.js\n/,
    ],
    [
      "npm of another folder, behind",
      ["npm", "run", "start", "--prefix=sub"],
      /: cd sub && .* node sub\.js\n/,
    ],
    ["npm of a workspace", ["npm", "-w", "web", "start"], /in the folder of the workspace/],
    ["npm exec", ["npm", "exec", "--", "next", "dev"], /Write node_modules\/\.bin\/next dev instead/],
    [
      "npx with a package",
      ["npx", "-p", "next", "next", "dev"],
      /Write node_modules\/\.bin\/next dev instead/,
    ],
    ["npx with a version", ["npx", "@scope/tool@1", "a b"], /Write node_modules\/\.bin\/tool 'a b' instead/],
    ["npx tsx", ["npx", "tsx", "app.ts"], /Write node --import tsx app\.ts instead/],
    ["tsx watch", ["tsx", "watch", "app.ts"], /sockact run --watch -- node --import tsx app\.ts\n/],
    ["nodemon with options", ["nodemon", "--exec", "node -r x", "app.js"], /--watch -- node -r x app\.js\n/],
    [
      "node --watch behind other options",
      ["node", "--env-file", ".env", "-r", "./x.cjs", "--watch", "app.js", "--watch"],
      /sockact run --watch -- node --env-file=\.env -r \.\/x\.cjs app\.js --watch\n/,
    ],
    ["node with tsx", ["node", "node_modules/.bin/tsx", "app.ts"], /Write node --import tsx app\.ts instead/],
    ["cross-env", ["cross-env", "A=1", "node", "app.js"], /Write env A=1 node app\.js instead/],
    ["env npm", ["env", "-u", "B", "A=1", "npm", "start"], /node server\.js/],
    ["nohup npm", ["nohup", "npm", "start"], /node server\.js/],
  ])("%s, which loses the sockets, and says what to write", async (_, command, hint) => {
    const cwd = appFolder();
    writeFileSync(
      `${cwd}/package.json`,
      JSON.stringify({
        scripts: {
          "dev:all": "node --import tsx app.ts",
          variable: "NODE_ENV=production node app.ts",
          several: "tsc && node app",
          nodemon: "nodemon -w src app.js",
          itself: "npm run itself",
          next: "next start",
        },
      }),
    );
    mkdirSync(`${cwd}/sub`);
    writeFileSync(`${cwd}/sub/package.json`, JSON.stringify({ scripts: { start: "node sub.js" } }));
    mkdirSync(`${cwd}/node_modules/.bin`, { recursive: true });
    for (const program of ["next", "other"])
      writeFileSync(`${cwd}/node_modules/.bin/${program}`, "", { mode: 0o755 });
    const running = run(["-l", "0", "--", ...command], { cwd });
    expect(await running.ended).toBe(2);
    expect(running.stderr).toContain("which does not get the sockets (SOCKACT_ERR_RUN_COMMAND)");
    expect(running.stderr).toMatch(hint);
  });

  it("a current folder that no longer exists, with code 2", async () => {
    const script = 'cd "$1"; rmdir "$1"; exec "$0" "$2" run -- true';
    const folder = mkdtempSync("/tmp/sockact-gone-");
    const running = startProcess(["sh", "-c", script, process.execPath, folder, sockact]);
    expect(await running.ended).toBe(2);
    expect(running.stderr).toMatch(/^error: the current folder does not exist any more/);
  });

  it("an invalid PORT, with code 2", async () => {
    const running = run(["--", "node", "server.js"], { env: { PORT: "http" } });
    expect(await running.ended).toBe(2);
    expect(running.stderr).toMatch(/^error: the variable PORT must be a port, such as 3000; got "http"/);
  });

  it("a missing command with code 127, and one that can't be executed with 126", async () => {
    const absent = run(["-l", "0", "--", "no-such-command"]);
    expect(await absent.ended).toBe(127);
    expect(absent.stderr).toMatch(/the command no-such-command was not found/);
    const script = run(["-l", "0", "--", "./server.mjs"], { cwd: appFolder() });
    expect(await script.ended).toBe(126);
    expect(script.stderr).toContain("Write the program that runs it, such as node ./server.mjs");
  });
});
