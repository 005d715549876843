import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  certificateOf,
  connectInside,
  describeWith,
  type PrivateSystemd,
  SANDBOX,
} from "@sockact/testkit";
import { RawClient } from "./lifecycle-app.ts";

describeWith({ privateSystemd: true }, "under a service manager", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const exec = (program: string): string =>
    `ExecStart=${systemd.node} ${systemd.project}/packages/core/test/programs/${program}\n`;
  const NOTIFY = "Type=notify-reload\nOpenFile=/run/systemd/notify:notify\n";
  /** The first line of this service with this event. */
  const eventOf = async <T>(unit: string, event: string): Promise<T> =>
    JSON.parse(await systemd.waitForJournal(unit, new RegExp(`"event":"${event}"`))) as T;

  describe.concurrent("an app", () => {
    test("in the tightest sandbox of systemd.exec(5) serves TCP, path and abstract sockets, and each has its address", async () => {
      const listen = ["80", "127.0.0.1:81", "/run/box.sock", "@box"];
      await systemd.installUnits({
        "box.socket": `[Socket]\n${listen.map((address) => `ListenStream=${address}\n`).join("")}`,
        "box.service": `[Service]\n${exec("listen.mjs")}${SANDBOX}\nNonBlocking=true\n`,
      });
      await systemd.start("box.socket");
      for (const url of ["http://localhost:80/", "http://127.0.0.1:81/"])
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
      for (const socketPath of ["/run/box.sock", "@box"])
        expect(await systemd.request({ url: "http://app/", socketPath })).toMatchObject({ status: 200 });
      const { sockets } = await eventOf<{ sockets: { address: string }[] }>("box.service", "listens");
      const addresses = sockets.map(({ address }) => address);
      expect(addresses).toEqual(["[::]:80", "127.0.0.1:81", "/run/box.sock", "@box"]);
      expect(await systemd.journal("box.service")).not.toContainEqual(expect.stringContaining("Warning"));
    });

    test("with a private root directory is activated as usual", async () => {
      await systemd.mustRun(["mkdir", "-p", "/run/root"]);
      await systemd.installUnits({
        "root.socket": "[Socket]\nListenStream=82\n",
        "root.service": `[Service]\n${exec("listen.mjs")}RootDirectory=/run/root
MountAPIVFS=yes
BindReadOnlyPaths=/usr /etc ${systemd.node} ${systemd.project}
BindReadOnlyPaths=-/bin -/lib -/lib64
NonBlocking=true
`,
      });
      await systemd.start("root.socket");
      expect(await systemd.request("http://localhost:82/")).toMatchObject({ status: 200 });
      await systemd.waitForJournal("root.service", /sockact: listening on \[::\]:82/);
    });

    test("serves clients while a stop of the service and its socket waits for an idle client, and refuses them after that", async () => {
      // The idle client stays until the test ends it.
      const config = JSON.stringify({
        properties: { keepAliveTimeout: 600_000 },
        options: { drainTimeout: "20min" },
      });
      await systemd.installUnits({
        "stops.socket": "[Socket]\nListenStream=83\n",
        "stops.service": `[Service]\n${exec("lifecycle.mjs")}Environment="APP=${config.replaceAll('"', '\\"')}"\n`,
      });
      await systemd.start("stops.socket");
      await using idle = new RawClient(connectInside(systemd, "127.0.0.1:83"));
      await idle.get("/").receives(/hello$/);
      const stopped = systemd.systemctl("stop", "stops.socket", "stops.service");
      await systemd.waitForUnit("stops.service", "SubState", "stop-sigterm");
      expect(await systemd.request("http://localhost:83/")).toMatchObject({
        status: 200,
        headers: { connection: "close" },
      });
      idle.socket.end();
      await stopped;
      await expect(systemd.request("http://localhost:83/")).rejects.toThrow(/ECONNREFUSED/);
      expect(await systemd.show("stops.service", "Result")).toBe("success");
    });
  });

  describeWith({ systemd: 253 }, "with Type=notify-reload", () => {
    describe.concurrent("in the journal", () => {
      /** Starts an app with these options on a socket named `app`, and another one. Returns its service. */
      async function start(name: string, options: object, lines: readonly string[] = []): Promise<string> {
        const service = `${name}.service`;
        await systemd.installUnits({
          [`${name}.socket`]: `[Socket]\nListenStream=/run/${name}\nFileDescriptorName=app\n`,
          [`${name}-other.socket`]: `[Socket]\nListenDatagram=/run/${name}-other\nFileDescriptorName=other\nService=${service}\n`,
          [service]: `[Service]
Sockets=${name}.socket ${name}-other.socket
${NOTIFY}${exec("listen.mjs")}Environment='LISTEN_OPTIONS=${JSON.stringify({ name: "app", ...options })}'
${lines.join("\n")}
`,
        });
        await systemd.start(`${name}.socket`, `${name}-other.socket`, service);
        return service;
      }

      /** The lines with this priority or a higher one. */
      async function linesOf(unit: string, priority: string): Promise<string[]> {
        await systemd.mustRun(["journalctl", "--sync"]);
        const command = ["journalctl", `--unit=${unit}`, "--output=cat", `--priority=${priority}`];
        const lines = (await systemd.mustRun(command)).split("\n");
        return lines.filter((line) => line !== "" && !line.startsWith(`${unit}: `));
      }

      test("a failed reload and its error have the priority err, and other lines info", async () => {
        await install("/run/certificate", "localhost");
        const tls = { key: "/run/certificate/key.pem", cert: "/run/certificate/cert.pem" };
        const unit = await start("priorities", { tls });
        await systemd.write(tls.cert, readFileSync(certificateOf("example.org").cert, "utf8"));
        await systemd.systemctl("reload", unit);
        await systemd.waitForJournal(unit, /the reload failed/);
        expect(await linesOf(unit, "err")).toEqual([
          expect.stringMatching(
            /^sockact: SOCKACT_ERR_TLS: tls\.key \(\/run\/certificate\/key\.pem\) and tls\.cert \(\/run\/certificate\/cert\.pem\) do not belong together/,
          ),
          "sockact: the reload failed: no certificate was replaced",
        ]);
        expect(await linesOf(unit, "info")).toContain("sockact: listening on /run/priorities");
      });

      test("a warning has the priority warning, with its hint", async () => {
        const unit = await start("warns", {});
        await systemd.waitForJournal(unit, /SOCKACT_WARN_UNCLAIMED/);
        expect(await linesOf(unit, "warning")).toEqual([
          expect.stringMatching(
            /^\(node:\d+\) \[SOCKACT_WARN_UNCLAIMED\] SockactWarning: Nothing in this process serves other/,
          ),
          expect.stringMatching(/^No server of Node can use other\. Use its descriptor/),
        ]);
      });

      test("with --no-warnings, Node prints no warning", async () => {
        const unit = await start("silent", {}, ["Environment=NODE_OPTIONS=--no-warnings"]);
        // READY=1 comes after the warning.
        expect(await systemd.show(unit, "ActiveState")).toBe("active");
        expect(await linesOf(unit, "info")).toContain("sockact: ready, and the service manager was told");
        expect(await linesOf(unit, "warning")).toEqual([]);
      });

      test("if standard error is a file, no line has a prefix", async () => {
        await start("file", {}, ["StandardError=file:/run/stderr.txt"]);
        expect(await systemd.mustRun(["cat", "/run/stderr.txt"])).toMatch(
          /^sockact: listening on [^]*^\(node:\d+\) \[SOCKACT_WARN_UNCLAIMED\]/m,
        );
      });
    });

    /** Puts a key and a certificate into a folder. */
    async function install(folder: string, host: "localhost" | "example.org"): Promise<void> {
      const { key, cert } = certificateOf(host);
      await systemd.write(`${folder}/key.pem`, readFileSync(key, "utf8"));
      await systemd.write(`${folder}/cert.pem`, readFileSync(cert, "utf8"));
    }

    // What docs/tls.md says: which command makes a service use a renewed certificate.
    describe.concurrent("a renewed certificate", () => {
      async function servedHost(port: number): Promise<string> {
        const socket = connectTls({
          socket: connectInside(systemd, `127.0.0.1:${port}`),
          rejectUnauthorized: false,
        });
        await using _client = new RawClient(socket);
        await once(socket, "secureConnect");
        return String(socket.getPeerCertificate().subject.CN);
      }

      /**
       * Which certificate a service serves after its start, after a renewal and a reload, and after a
       * restart.
       */
      async function served(
        { name, port, files }: { name: string; port: number; files?: string },
        directives: string,
        renewed: () => Promise<unknown> = async () => {},
      ): Promise<string[]> {
        const folder = `/etc/${name}`;
        const from = files ?? `${folder}/`;
        const options = JSON.stringify({ tls: { key: `${from}key.pem`, cert: `${from}cert.pem` } });
        await install(folder, "localhost");
        await renewed();
        await systemd.installUnits({
          [`${name}.socket`]: `[Socket]\nListenStream=${port}\n`,
          [`${name}.service`]: `[Service]\n${NOTIFY}${exec("listen.mjs")}Environment='LISTEN_OPTIONS=${options}'\n${directives}`,
        });
        await systemd.start(`${name}.socket`, `${name}.service`);
        const first = await servedHost(port);
        await install(folder, "example.org");
        await renewed();
        await systemd.systemctl("reload", `${name}.service`);
        const reloaded = await servedHost(port);
        await systemd.restart(`${name}.service`);
        return [first, reloaded, await servedHost(port)];
      }

      test("needs a restart if it is a credential", async () => {
        const credentials = ["key.pem", "cert.pem"].map(
          (file) => `LoadCredential=${file}:/etc/credential/${file}\n`,
        );
        const hosts = await served({ name: "credential", port: 8443, files: "" }, credentials.join(""));
        expect(hosts).toEqual(["localhost", "localhost", "example.org"]);
      });

      test("needs only a reload if the app reads the files itself", async () => {
        const hosts = await served({ name: "direct", port: 8444 }, "");
        expect(hosts).toEqual(["localhost", "example.org", "example.org"]);
      });

      test("needs only a reload if a user that exists only while it runs reads the key through a group", async () => {
        await systemd.mustRun(["groupadd", "--system", "shop-tls"]);
        const directives = "DynamicUser=yes\nPrivateUsers=yes\nSupplementaryGroups=shop-tls\n";
        const hosts = await served({ name: "group-tls", port: 8445 }, directives, () =>
          systemd.mustRun([
            "sh",
            "-c",
            "cd /etc/group-tls && chgrp shop-tls . *.pem && chmod 750 . && chmod 640 *.pem",
          ]),
        );
        expect(hosts).toEqual(["localhost", "example.org", "example.org"]);
      });
    });
  });

  describeWith({ systemd: 254 }, "the file descriptor store of systemd.service(5)", () => {
    test("keeps a port that the app has opened itself over a restart, and it is taken back by its name", async () => {
      await systemd.installUnits({
        "stored.service": `[Service]\n${exec("store.mjs")}NotifyAccess=all\nFileDescriptorStoreMax=1\nFileDescriptorStorePreserve=restart\n`,
      });
      await systemd.start("stored.service");
      await systemd.waitForJournal("stored.service", /^stored$/);
      const ask = async (): Promise<{ pid: number; isStored: boolean }> => {
        const { body } = await systemd.request("http://localhost:8080/");
        return JSON.parse(body) as { pid: number; isStored: boolean };
      };
      const first = await ask();
      expect(first.isStored).toBe(false);
      await systemd.restart("stored.service");
      // The port has never closed, so no request was refused.
      const second = await ask();
      expect(second.isStored).toBe(true);
      expect(second.pid).not.toBe(first.pid);
      await systemd.waitForJournal("stored.service", /listening on \[::\]:8080/);
    });
  });

  describeWith({ systemd: 257 }, "with systemd 257 or later", () => {
    const service = (more: string, environment = ""): string =>
      `[Service]\n${exec("sockets.mjs")}${more}\nEnvironment=STDIN=1 "DO=sockets;serve" ${environment}\n`;

    test.concurrent("StandardInput=socket with Accept=no: the listener on descriptor 0 is served, and standard input is empty", async () => {
      await systemd.installUnits({
        "zero.socket": "[Socket]\nListenStream=91\n",
        "zero.service": service("StandardInput=socket\nStandardOutput=journal"),
      });
      await systemd.start("zero.socket");
      expect(await systemd.request("http://localhost:91/")).toMatchObject({ status: 200, body: "hello" });
      expect(await eventOf("zero.service", "sockets")).toMatchObject({
        sockets: [{ fd: 0, name: "unknown", kind: "listener", address: "[::]:91" }],
      });
      await systemd.waitForJournal("zero.service", /"stdin end"/);
      await systemd.stop("zero.socket", "zero.service");
      expect(await systemd.show("zero.service", "Result")).toBe("success");
    });

    test.concurrent("StandardInput=socket with Accept=yes: a unix connection is closed when the server closes it", async () => {
      await systemd.installUnits({
        "unix.socket": "[Socket]\nListenStream=/run/each.sock\nAccept=yes\n",
        "unix@.service": service("StandardInput=socket\nStandardOutput=journal"),
      });
      await systemd.start("unix.socket");
      const request = {
        url: "http://app/",
        socketPath: "/run/each.sock",
        headers: { connection: "close" },
      };
      expect(await systemd.request(request)).toMatchObject({ status: 200, body: "hello" });
      expect(await eventOf("unix@*", "sockets")).toMatchObject({
        sockets: [{ fd: 0, name: "connection", kind: "connection", address: "/run/each.sock" }],
      });
      await systemd.waitForJournal("unix@*", /"event":"served"/);
      await systemd.waitForUnit("unix.socket", "NConnections", "0");
    });

    test.concurrent("StandardInput=socket alone would send the app's output to the client: it is refused, and the journal says why", async () => {
      await systemd.installUnits({
        "print.socket": "[Socket]\nListenStream=92\nAccept=yes\n",
        "print@.service": service("StandardInput=socket"),
      });
      await systemd.start("print.socket");
      await systemd.request("http://localhost:92/").catch(() => {});
      await systemd.waitForJournal("print@*", /^Write StandardOutput=journal/);
      expect(await systemd.journal("print@*")).toContainEqual(
        expect.stringMatching(/^SOCKACT_ERR_SOCKET_OUTPUT: With StandardInput=socket/),
      );
    });

    test.concurrent("PrivatePIDs=yes: one warning says that the process ID differs inside, and SOCKACT_IGNORE_LISTEN_PID helps", async () => {
      await systemd.installUnits({
        "pids.socket": "[Socket]\nListenStream=93\n",
        "pids.service": service("PrivatePIDs=yes"),
        "trust.socket": "[Socket]\nListenStream=94\n",
        "trust.service": service("PrivatePIDs=yes", "SOCKACT_IGNORE_LISTEN_PID=yes"),
      });
      await systemd.start("pids.socket", "trust.socket", "pids.service", "trust.service");
      expect((await systemd.request("http://localhost:94/")).body).toBe("hello");
      const { sockets } = await eventOf<{ sockets: unknown[] }>("pids.service", "sockets");
      // systemd 262 fixes this.
      if (sockets.length === 0) await systemd.waitForJournal("pids.service", /\[SOCKACT_WARN_OUTER_PID\]/);
      expect((await systemd.journal("trust.service")).join("\n")).not.toContain("SOCKACT_WARN_OUTER_PID");
    });

    test.concurrent("a user's own service manager activates an app too", async () => {
      const env = { XDG_RUNTIME_DIR: "/run/user/0" };
      await systemd.mustRun(["sh", "-c", "mkdir -p /run/user && mkdir -m 700 /run/user/0"]);
      await systemd.start("user@0.service");
      await systemd.write("/run/user/0/systemd/user/mine.socket", "[Socket]\nListenStream=%t/mine.sock\n");
      await systemd.write("/run/user/0/systemd/user/mine.service", service(""));
      await systemd.mustRun(["systemctl", "--user", "daemon-reload"], { env });
      await systemd.mustRun(["systemctl", "--user", "start", "mine.socket"], { env });
      const socketPath = "/run/user/0/mine.sock";
      expect(await systemd.request({ url: "http://app/", socketPath })).toMatchObject({ body: "hello" });
      await systemd.mustRun(["systemctl", "--user", "stop", "mine.socket", "mine.service"], { env });
    });

    test.concurrent("RestartMode=debug turns the debug output on after a failure", async () => {
      await systemd.installUnits({
        "debug.socket": "[Socket]\nListenStream=95\n",
        "debug.service": `[Service]\n${exec("listen.mjs")}Restart=always\nRestartMode=debug\nNonBlocking=true\n`,
      });
      await systemd.start("debug.socket");
      await systemd.request("http://localhost:95/");
      expect((await systemd.journal("debug.service")).join("\n")).not.toContain("sockact: debug");
      await systemd.systemctl("kill", "--signal=KILL", "debug.service");
      await systemd.waitForJournal("debug.service", /^sockact: debug: bound fd 3$/);
    });

    test.concurrent("a connection whose socket has a name is served by that name", async () => {
      await systemd.installUnits({
        "named.socket": "[Socket]\nListenStream=96\nAccept=yes\nFileDescriptorName=web\n",
        "named@.service": `[Service]\n${exec("listen.mjs")}Environment='LISTEN_OPTIONS={"name":"web","required":true}'\n`,
      });
      await systemd.start("named.socket");
      expect(await systemd.request("http://localhost:96/")).toMatchObject({ status: 200 });
    });
  });
});
