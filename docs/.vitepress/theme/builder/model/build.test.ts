import { emitUnits, lintUnits, type AppDescription } from "@sockact/units";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyState, binds, choices, frameworks } from "../../../../test/lib/builder-states.ts";
import { withHosts } from "../../../../../packages/cli/src/lib/config/with-hosts.ts";
import { build, type Built } from "./build.ts";
import { initialState, limits, type BuilderState } from "./state.ts";

const socket = (listen: string, name = "", tls = false) => ({ listen, name, tls });
const built = (changes: Partial<BuilderState>): Built => build({ ...initialState, ...changes });
/** The syntax of a description, which a reader of the form can't write. */
const ofDescription = /sockets\[|\barray\b|\b[a-z]\w*: (?:'|true|false|\[|\{)/;
const problemsOf = (changes: Partial<BuilderState>) =>
  built(changes).problems.map(({ field, code }) => `${field} ${code}`);
const unitsOf = ({ files }: Built) => Object.fromEntries(files.map(({ name, text }) => [name, text]));

/** Evaluates a config as Node does. */
async function describedBy({ config }: Built): Promise<AppDescription> {
  const url = `data:text/javascript,${encodeURIComponent(config.text)}`;
  return ((await import(/* @vite-ignore */ url)) as { default: AppDescription }).default;
}

/** The choices that contradict each other. All other combinations are valid. */
function expectedProblems(state: BuilderState): string[] {
  const { sockets, bind, idle, framework, backend, hardening, handover, folder, user, systemd = 252 } = state;
  const isPassed = bind === "socket" || bind === "host";
  const isMixed = sockets.some(({ tls }) => tls) && sockets.some(({ tls }) => !tls);
  return [
    ...(bind === "capability" && idle !== "" ? ["idle"] : []),
    ...(isPassed && framework === "other" && idle !== "" ? ["idle"] : []),
    ...(bind === "capability" ? sockets : []).flatMap(({ listen }, index) =>
      listen.startsWith("/") ? [`sockets[${index}].listen`] : [],
    ),
    // An inbound app has its own loopback device.
    ...(bind === "proxy" && backend === "" && hardening !== "inbound"
      ? sockets.flatMap(({ listen }) => (listen === "localhost:3000" ? ["backend"] : []))
      : []),
    ...(isPassed && framework !== "other" && handover && systemd < 253 ? ["handover"] : []),
    ...(bind === "proxy" && isMixed ? ["sockets[1].tls"] : []),
    // No user that exists only while the service runs owns the folder.
    ...(folder !== "" && user === "" ? ["folder"] : []),
  ].sort();
}

describe("the unit builder's model", () => {
  it("builds units without findings, unless choices contradict each other", () => {
    fc.assert(
      fc.property(choices, (state) => {
        const result = build(state);
        expect(result.problems.map(({ field }) => field).sort()).toEqual(expectedProblems(state));
        const findings = lintUnits(unitsOf(result));
        expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
        expect(result.findings).toEqual(findings);
        expect(result.files.length > 0).toBe(result.problems.length === 0);
      }),
    );
  });

  it.each(frameworks.flatMap((framework) => binds.map((bind) => [framework, bind] as const)))(
    "builds units for %s through a %s on every version of systemd",
    (framework, bind) => {
      const program = framework === "other" ? { runtime: "/usr/bin/gitea" } : {};
      for (const systemd of [undefined, 249, 252, 253, 257, 262])
        for (const watchdog of ["", "30s"])
          expect(
            problemsOf({ ...program, framework, bind, systemd, watchdog }),
            `${systemd} ${watchdog}`,
          ).toEqual([]);
    },
  );

  /** Since systemd 253. */
  const passed = [
    "OpenFile=/run/systemd/notify:notify",
    "OpenFile=/run/systemd/journal/socket:journal:graceful",
  ];

  it.each<[changes: Partial<BuilderState>, lines: string[]]>([
    [{}, ["Type=notify-reload", "NotifyAccess=main", ...passed]],
    [{ systemd: undefined }, ["Type=exec"]],
    [{ framework: "unchanged", systemd: undefined }, ["Type=exec"]],
    [{ watchdog: "30s", systemd: 252 }, ["Type=notify", "NotifyAccess=all"]],
    [{ systemd: 252 }, ["Type=exec"]],
    [{ systemd: 253 }, ["Type=notify-reload", "NotifyAccess=main", ...passed]],
    [{ systemd: 257, framework: "other", runtime: "/usr/bin/gitea" }, ["Type=exec"]],
    [{ systemd: 257, handover: true }, ["Type=notify", "NotifyAccess=main", ...passed]],
  ])("writes nothing that the oldest systemd of %j ignores", (changes, lines) => {
    const service = built(changes).files.at(-1)!.text;
    expect(service.match(/^(?:Type|NotifyAccess|OpenFile)=.*$/gm)).toEqual(lines);
  });

  it("accepts any string, and reports the field of each problem", () => {
    const fields =
      /^(?:app|framework|runtime|script|arguments|certificate|privateKey|user|hardening|environment|environmentFile|folder|idle|watchdog|memory|handover|bind|hosts|backend|systemd|sockets|sockets\[\d\]\.(?:listen|name|tls|mode|owner|group))$/;
    fc.assert(
      fc.property(anyState, (state) => {
        const { problems, files } = build(state);
        expect(new Set(problems.map(({ field, code }) => field + code)).size).toBe(problems.length);
        for (const { field, message, hint } of problems) {
          expect(field).toMatch(fields);
          expect(hint).not.toMatch(ofDescription);
          expect(message).not.toBe("");
          expect(hint).not.toBe("");
        }
        expect(files.length > 0).toBe(problems.length === 0);
      }),
    );
  });

  it("shows the units that emitUnits writes, with an explanation for each directive", async () => {
    await fc.assert(
      fc.asyncProperty(choices, async (state) => {
        const result = build(state);
        if (result.problems.length > 0) return;
        const { systemd = 252 } = state;
        // As `sockact install` does.
        const described = withHosts(await describedBy(result), "www-data", "hosts");
        expect(unitsOf(result)).toEqual(emitUnits({ ...described, systemd }));
        for (const { text, lines } of result.files) {
          expect(lines.map((line) => `${line.text}\n`).join("")).toBe(text);
          for (const { text: line, directive, explanation } of lines.filter((one) =>
            one.text.includes("="),
          )) {
            expect(line.startsWith(`${directive}=`)).toBe(true);
            expect(explanation?.reason).toMatch(/\.$/);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("shows a finding at its line", () => {
    const [unit] = built({ sockets: [{ listen: "/run/shop.sock", name: "", tls: false }] }).files;
    const found = unit!.lines.filter(({ findings }) => findings.length > 0);
    expect(found.map(({ text, findings }) => [text, findings[0]!.code])).toEqual([
      ["ListenStream=/run/shop.sock", "socket-mode"],
    ]);
  });

  it("writes the mode, the owner and the group of a unix socket, and has no finding then", () => {
    const file = { mode: "0660", owner: "shop", group: "www-data" };
    const { files, findings } = built({ sockets: [{ ...socket("/run/shop.sock"), ...file }] });
    expect(files[0]!.text).toContain("SocketMode=0660\n");
    expect(files[0]!.text).toContain("SocketUser=shop\n");
    expect(files[0]!.text).toContain("SocketGroup=www-data\n");
    expect(findings).toEqual([]);
    expect(built({ sockets: [{ ...socket("80"), ...file }] }).files[0]!.text).not.toMatch(/^Socket\w+=/m);
  });

  it.each<[field: string, code: string, changes: Partial<BuilderState>]>([
    ["app", "SOCKACT_ERR_UNIT_NAME", { app: "my shop" }],
    ["app", "SOCKACT_ERR_UNIT_NAME", { app: "" }],
    ["runtime", "SOCKACT_ERR_UNIT_PATH", { runtime: "node" }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "server.js" }],
    ["script", "SOCKACT_ERR_UNIT_MISSING", { script: "" }],
    ["arguments", "SOCKACT_ERR_UNIT_TEXT", { arguments: "'open" }],
    ["arguments", "SOCKACT_ERR_UNIT_LINT", { arguments: "--port 80", bind: "proxy" }],
    ["arguments", "SOCKACT_ERR_UNIT_LINT", { framework: "other", arguments: "--watch /srv/a.js" }],
    ["runtime", "SOCKACT_ERR_UNIT_LINT", { framework: "other", runtime: "/usr/bin/npm", arguments: "start" }],
    ["script", "SOCKACT_ERR_UNIT_LINT", { script: "/tmp/server.js" }],
    ["handover", "SOCKACT_ERR_UNIT_CONFLICT", { handover: true, runtime: "/usr/bin/python3", systemd: 257 }],
    ["handover", "SOCKACT_ERR_UNIT_VERSION", { handover: true, systemd: undefined }],
    ["handover", "SOCKACT_ERR_UNIT_VERSION", { handover: true, systemd: 252 }],
    ["framework", "SOCKACT_ERR_UNIT_CONFLICT", { framework: "unchanged", runtime: "/usr/bin/python3" }],
    [
      "sockets[0].listen",
      "SOCKACT_ERR_UNIT_ADDRESS",
      { sockets: [{ listen: "eighty", name: "", tls: false }] },
    ],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_MISSING", { sockets: [{ listen: "", name: "", tls: false }] }],
    ["sockets", "SOCKACT_ERR_UNIT_MISSING", { sockets: [] }],
    ["sockets[0].name", "SOCKACT_ERR_UNIT_NAME", { sockets: [{ listen: "80", name: "a:b", tls: false }] }],
    ["user", "SOCKACT_ERR_UNIT_LINT", { user: "root" }],
    ["sockets[0].mode", "SOCKACT_ERR_UNIT_NUMBER", { sockets: [{ ...socket("/run/a.sock"), mode: "rw" }] }],
    ["sockets[0].group", "SOCKACT_ERR_UNIT_NAME", { sockets: [{ ...socket("/run/a.sock"), group: "a b" }] }],
    ["idle", "SOCKACT_ERR_UNIT_DURATION", { idle: "5" }],
    ["watchdog", "SOCKACT_ERR_UNIT_DURATION", { watchdog: "often" }],
    ["backend", "SOCKACT_ERR_UNIT_ADDRESS", { bind: "proxy", backend: "example.org:80" }],
    ["systemd", "SOCKACT_ERR_UNIT_NUMBER", { systemd: 200 }],
    [
      "certificate",
      "SOCKACT_ERR_UNIT_PATH",
      { certificate: "./cert.pem", sockets: [{ listen: "443", name: "", tls: true }] },
    ],
    [
      "privateKey",
      "SOCKACT_ERR_UNIT_PATH",
      { privateKey: "key.pem", sockets: [{ listen: "443", name: "", tls: true }] },
    ],
    ["environment", "SOCKACT_ERR_UNIT_TEXT", { environment: "LOG_LEVEL" }],
    ["environment", "SOCKACT_ERR_UNIT_VARIABLE", { environment: "export A=b" }],
    ["environment", "SOCKACT_ERR_UNIT_VARIABLE", { environment: "LISTEN_FDS=1" }],
    ["environment", "SOCKACT_ERR_UNIT_VARIABLE", { environment: "A=b\nSOCKACT_IDLE_TIMEOUT=5min" }],
    ["environment", "SOCKACT_ERR_UNIT_VARIABLE", { environment: "SOCKACT_DRAIN_TIMEOUT=5s" }],
    ["environment", "SOCKACT_ERR_UNIT_LINT", { environment: "SOCKACT_MAP=x" }],
    ["environment", "SOCKACT_ERR_UNIT_REPEATED", { environment: "A=b\nA=c" }],
    ["environmentFile", "SOCKACT_ERR_UNIT_PATH", { environmentFile: ".env" }],
    ["folder", "SOCKACT_ERR_UNIT_PATH", { folder: "uploads", user: "web" }],
    ["folder", "SOCKACT_ERR_UNIT_CONFLICT", { folder: "/srv/shop/uploads" }],
    ["memory", "SOCKACT_ERR_UNIT_NUMBER", { memory: "512" }],
    ["memory", "SOCKACT_ERR_UNIT_NUMBER", { memory: "512 MB" }],
    ["memory", "SOCKACT_ERR_UNIT_LINT", { memory: "10M" }],
    ["app", "SOCKACT_ERR_UNIT_NAME", { app: "a@" }],
    ["app", "SOCKACT_ERR_UNIT_NAME", { app: "a:b" }],
    ["backend", "SOCKACT_ERR_UNIT_CONFLICT", { bind: "proxy", sockets: [socket("3000")] }],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_LINT", { sockets: [socket("80"), socket("0.0.0.0:80")] }],
    ["sockets[1].listen", "SOCKACT_ERR_UNIT_REPEATED", { sockets: [socket("80"), socket("80")] }],
    ["sockets[1].name", "SOCKACT_ERR_UNIT_REPEATED", { sockets: [socket("80", "a"), socket("81", "a")] }],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_ADDRESS", { sockets: [socket("eighty, ninety")] }],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_ADDRESS", { sockets: [socket("/dev/null")] }],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_ADDRESS", { sockets: [socket("80 /var/run/docker.sock")] }],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_ADDRESS", { sockets: [socket("/run/systemd/notify")] }],
    ["script", "SOCKACT_ERR_UNIT_LINT", { script: "/srv/a$HOME/`id`/s.js" }],
    ["script", "SOCKACT_ERR_UNIT_LINT", { script: "/tmp/a b/$x.js" }],
    ["script", "SOCKACT_ERR_UNIT_LINT", { script: `/srv/${"a".repeat(90)}/\`id\`/s.js` }],
    ["script", "SOCKACT_ERR_UNIT_CONFLICT", { script: "/home/me/shop/server.js" }],
    ["runtime", "SOCKACT_ERR_UNIT_LINT", { runtime: "/tmp/node" }],
    ["arguments", "SOCKACT_ERR_UNIT_LINT", { arguments: "'`id -u`'" }],
    ["arguments", "SOCKACT_ERR_UNIT_LINT", { arguments: "> /var/log/shop" }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "/srv/shop/sockact.config.mjs" }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "/srv/shop/shop.service" }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "/srv/shop/" }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "/srv/shop/.." }],
    ["script", "SOCKACT_ERR_UNIT_PATH", { script: "/srv/shop/a\nb.js" }],
    ["sockets", "SOCKACT_ERR_UNIT_LENGTH", { sockets: Array(limits.sockets + 1).fill(socket("80")) }],
    [
      "sockets[0].listen",
      "SOCKACT_ERR_UNIT_LENGTH",
      { sockets: [socket("80 ".repeat(limits.addresses + 1))] },
    ],
    ["sockets[0].listen", "SOCKACT_ERR_UNIT_LENGTH", { sockets: [socket("80 ".repeat(5000))] }],
    [
      "sockets[0].name",
      "SOCKACT_ERR_UNIT_LENGTH",
      { sockets: [socket("80", "a".repeat(limits.characters + 1))] },
    ],
    ["arguments", "SOCKACT_ERR_UNIT_LENGTH", { arguments: "a".repeat(limits.characters + 1) }],
  ])("reports a wrong value at %s (%s)", (field, code, changes) => {
    expect(problemsOf(changes)).toEqual([`${field} ${code}`]);
    const [{ message, hint }] = built(changes).problems as [Built["problems"][0]];
    expect(message).not.toMatch(ofDescription);
    expect(hint).not.toMatch(ofDescription);
    expect(message.length).toBeLessThan(400);
  });

  it.each([
    [{ environment: "SOCKACT_IDLE_TIMEOUT=5min" }, "Fill in “Sleep after”, and remove the line"],
    [{ environment: "LISTEN_FDS=1" }, "Remove it"],
    [{ environment: "SOCKACT_IDLE_EXIT_STATUS=3" }, "Remove it: sockact adds it"],
    [{ environment: "SOCKACT_RELOAD_RESULT=/x" }, "Turn the handover on, and remove the line"],
    [{ folder: "/srv/shop/uploads" }, "Write the owner of the folder into “User”"],
    [{ memory: "512MB" }, "Write an amount such as 512M or 2G"],
  ])("says what to do in the form about %j", (changes, hint) => {
    expect(built(changes).problems.map((problem) => problem.hint)).toEqual([hint]);
  });

  it("shows a value as the reader typed it, and only the beginning of a long one", () => {
    const [quoted] = built({ script: "/srv/a$HOME/`id`/s.js" }).problems;
    expect(quoted?.message).toContain("/srv/a$HOME/`id`/s.js");
    const [long] = built({ script: "a".repeat(limits.characters) }).problems;
    expect(long?.message.length).toBeLessThan(110);
  });

  it("accepts paths for sockets that belong to no other service", () => {
    const paths = ["/run/shop.sock", "/run/shop/web.sock", "/dev/shm/shop.sock"];
    expect(paths.flatMap((path) => problemsOf({ sockets: [socket(path)] }))).toEqual([]);
  });

  it("sets TLS for a socket of any name", async () => {
    const sockets = [socket("80", "http"), socket("443", "__proto__", true)];
    const text = built({ sockets }).code!.text;
    const [, options = ""] = /(sockets: \{.*\}) \}/.exec(text) ?? [];
    const url = `data:text/javascript,const tls = 1; export default { ${options} }`;
    const read = ((await import(/* @vite-ignore */ url)) as { default: { sockets: object } }).default;
    expect(Object.keys(read.sockets)).toEqual(["http", "__proto__"]);
  });

  it("shows a wrong value as it was typed, and begins other messages with a capital letter", () => {
    const message = (changes: Partial<BuilderState>) => built(changes).problems[0]!.message;
    expect(message({ idle: "five" })).toMatch(/^"five" is not/);
    expect(message({ script: String.raw`C:\shop\"a".js` })).toContain(String.raw`"C:\shop\"a".js"`);
    expect(message({ script: "" })).toBe("The path is missing");
  });

  it("names several sockets after their protocol, and keeps existing names", () => {
    const sockets = ["80", "81", "443", "82"].map((listen) => ({
      listen,
      name: listen === "81" ? "http" : "",
      tls: listen === "443",
    }));
    expect(built({ sockets }).files.map(({ name }) => name)).toEqual([
      "shop-http-2.socket",
      "shop-http.socket",
      "shop-https.socket",
      "shop-http-3.socket",
      "shop.service",
    ]);
  });

  it("writes variables, a file of variables, a writable folder and a limit of memory", async () => {
    const result = built({
      environment: 'LOG_LEVEL=debug\r\n\n TITLE=a "b" $c %d \n__proto__=x',
      environmentFile: "/etc/shop.env",
      folder: "/srv/shop/uploads\n\n /srv/shop/thumbs of it ",
      memory: "512M",
      user: "web",
    });
    const service = result.files.at(-1)!.text;
    expect(service.match(/^(?:Environment|EnvironmentFile|ReadWritePaths|MemoryMax)=.*$/gm)).toEqual([
      "Environment=LOG_LEVEL=debug",
      String.raw`Environment="TITLE=a \"b\" $c %%d "`,
      "Environment=__proto__=x",
      "Environment=NODE_ENV=production",
      "EnvironmentFile=/etc/shop.env",
      "Environment=SOCKACT_IDLE_EXIT_STATUS=42",
      "MemoryMax=512M",
      "ReadWritePaths=/srv/shop/uploads",
      'ReadWritePaths="/srv/shop/thumbs of it"',
    ]);
    expect(emitUnits({ ...(await describedBy(result)), systemd: 255 })["shop.service"]).toBe(service);
    for (const text of [result.shell.byHand, result.shell.withSockact]) {
      expect(text).toContain("sudo ls -L /etc/shop.env\n");
      expect(text).toContain("[ -e /srv/shop/uploads ] || sudo install -d -o web /srv/shop/uploads\n");
      expect(text).toContain("sudo install -d -o web '/srv/shop/thumbs of it'\n");
    }
  });

  it("tells the app where it may write, and what its environment has", () => {
    const noted = (changes: Partial<BuilderState>) =>
      built(changes)
        .code!.text.split("\n")
        .filter((line) => line.includes("//"));
    const state = "The app may write to process.env.STATE_DIRECTORY (/var/lib/shop)";
    expect(noted({})).toEqual([`// ${state}.`]);
    expect(noted({ hardening: "inbound" })).toEqual([]);
    const asked = {
      user: "web",
      folder: "/srv/shop/uploads\n/srv/shop/thumbs",
      environment: "LOG_LEVEL=debug\nTITLE=a",
      environmentFile: "/etc/shop.env",
    };
    const notes = [
      `// ${state}, /srv/shop/uploads and /srv/shop/thumbs.`,
      "// process.env has LOG_LEVEL, TITLE and the variables in /etc/shop.env.",
    ];
    const all = frameworks.filter((framework) => framework !== "other");
    expect(all.map((framework) => noted({ ...asked, framework }))).toEqual(all.map(() => notes));
    expect(built({ ...asked, framework: "other", runtime: "/usr/bin/gitea" }).about).toContain(
      "may write to $STATE_DIRECTORY (/var/lib/shop), /srv/shop/uploads and /srv/shop/thumbs. The environment has LOG_LEVEL, TITLE and",
    );
    const { length } = built({}).code!.text.split(/[\n\r\u2028\u2029]/);
    expect(
      built({ app: "a\r\u2028b", folder: "/a\u2028b\u0085c\u2029d" }).code!.text.split(/[\n\r\u2028\u2029]/),
    ).toHaveLength(length);
  });

  it("creates a writable folder with its owner before the code, and warns if the code is in it", () => {
    const { shell } = built({ folder: "/srv/shop", user: "web" });
    for (const text of [shell.byHand, shell.withSockact])
      expect(text.indexOf("install -d -o web /srv/shop\n")).toBeLessThan(
        text.indexOf("install -D -m 644 server"),
      );
    expect(shell.notes.join("\n")).toContain("`/srv/shop/data` is safer");
    expect(built({ folder: "/srv/shop/data", user: "web" }).shell.notes.join()).not.toContain("safer");
  });

  it("reads arguments as a shell does", () => {
    const { files } = built({ arguments: String.raw`--title 'a "b"' "c \"d\" $" e\ f ''` });
    const exec = files[1]!.lines.find(({ directive }) => directive === "ExecStart")!.text;
    expect(exec).toBe(
      String.raw`ExecStart=/usr/bin/node /srv/shop/server.js --title "a \"b\"" "c \"d\" $$" "e f" ""`,
    );
  });

  it("shows how to install the units of each way to open a port", () => {
    expect(built({ bind: "capability", app: "web" }).shell.byHand).toBe(
      `[ -e /srv/shop/server.js ] || sudo install -D -m 644 server.js /srv/shop/server.js
sudo npm install --prefix /srv/shop @sockact/express express
sudo install -m 644 web.service /etc/systemd/system/
sudo systemctl daemon-reload
sudo systemctl enable --now web.service
curl --retry 5 --retry-connrefused http://localhost/
`,
    );
    const sockets = [
      { listen: "127.0.0.1:8080", name: "", tls: false },
      { listen: "/run/shop's.sock", name: "unix", tls: false },
      { listen: "[::]:443", name: "", tls: true },
    ];
    const { byHand, withSockact } = built({ framework: "other", runtime: "/usr/bin/gitea", sockets }).shell;
    expect(byHand.split("\n").slice(3, -1)).toEqual([
      "sudo systemctl enable --now shop-http.socket shop-unix.socket shop-https.socket",
      "curl http://127.0.0.1:8080/",
      "curl --unix-socket '/run/shop'\\''s.sock' http://localhost/",
      "curl --insecure https://localhost/",
    ]);
    expect(withSockact.split("\n").slice(1)).toEqual(["sudo npx sockact install", ""]);
  });

  it("writes the units, the config, the sites and the command for an app with host names", async () => {
    const result = built({ bind: "host", hosts: "Shop.example.com, www.example.com", idle: "10min" });
    const config = await describedBy(result);
    expect(config).toMatchObject({
      hosts: ["shop.example.com", "www.example.com"],
      sockets: [{ listen: "/run/shop.sock" }],
    });
    const installed = withHosts(config, "www-data", "hosts");
    expect(emitUnits({ ...installed, systemd: 255 })).toEqual(unitsOf(result));
    const { lines } = result.files[0]!;
    expect(lines.find(({ text }) => text === "SocketGroup=www-data")!.source).toBe(
      "from the field “Host names”",
    );
    expect(result.sites.map(({ file }) => file)).toEqual(["shop.caddy", "sockact-shop.conf"]);
    expect(result.sites[0]!.text).toContain(
      "shop.example.com, www.example.com {\n\treverse_proxy unix//run/shop.sock",
    );
    expect(result.sites[1]!.text).toContain("server_name shop.example.com www.example.com;");
    expect(result.shell.inShort).toBe(
      "cd /srv/shop\nsudo npx sockact install server.js --name shop --host shop.example.com --host www.example.com --idle-timeout 10min\n",
    );
    expect(built({}).sites).toEqual([]);
  });

  it.each([
    ["", "hosts"],
    ["shop.example.com shop_1.example.com", "hosts"],
    ["shop.example.com SHOP.example.com.", "hosts"],
    ["*.example.com", "hosts"],
  ])("refuses the host names “%s”", (hosts, field) => {
    expect(built({ bind: "host", hosts }).problems).toMatchObject([{ field }]);
  });

  it("reports a wrong name of an app with host names once", () => {
    for (const app of ["a b", "docker"])
      expect(built({ bind: "host", app }).problems).toMatchObject([{ field: "app" }]);
  });

  it("shows how to create the user, unless systemd creates it", () => {
    const line = "getent passwd web || sudo useradd --system --shell /usr/sbin/nologin web\n";
    const texts = (user: string) => {
      const { byHand, withSockact } = built({ user }).shell;
      return [byHand, withSockact];
    };
    for (const text of texts("web")) expect(text).toContain(line);
    for (const text of [...texts(""), ...texts("1000")]) expect(text).not.toContain("useradd");
  });
});
