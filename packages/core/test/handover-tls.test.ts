import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  certificateOf,
  connectInside,
  DEADLINE,
  describeWith,
  type PrivateSystemd,
} from "@sockact/testkit";
import { ask, HandoverService, insidePath } from "./reloaded-service.ts";
import { RawClient } from "./lifecycle-app.ts";

const FOLDER = "/run/certificates";
const HTTPS = "127.0.0.1:80";
const BY_SOCKET = "127.0.0.1:81";

describeWith({ privateSystemd: true, systemd: 253 }, "a client of TLS, after a handover", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());

  /** Puts the certificate of a host into the files that the app reads. */
  async function install(host: "localhost" | "example.org", name: string): Promise<void> {
    const { key, cert } = certificateOf(host);
    await systemd.write(`${FOLDER}/${name}.key.pem`, readFileSync(key, "utf8"));
    await systemd.write(`${FOLDER}/${name}.cert.pem`, readFileSync(cert, "utf8"));
  }

  const identity = (name: string): Record<string, string> => ({
    key: `${FOLDER}/${name}.key.pem`,
    cert: `${FOLDER}/${name}.cert.pem`,
  });

  async function start(exec?: string, lines?: string): Promise<HandoverService> {
    await install("localhost", "own");
    await install("example.org", "other");
    return HandoverService.start(systemd, {
      ...(exec && { exec }),
      ...(lines && { lines }),
      sockets: { https: `ListenStream=${HTTPS}`, secure: `ListenStream=${BY_SOCKET}` },
      servers: [
        { kind: "https", options: { name: "https" } },
        {
          options: {
            sockets: { secure: { tls: { ...identity("own"), sni: { "example.org": identity("other") } } } },
          },
        },
      ],
    });
  }

  /** Makes a request, and closes. The server may send a session at any time before that. */
  async function visit(address: string, options: ConnectionOptions): Promise<Visit> {
    const socket: TLSSocket = connect({
      socket: connectInside(systemd, address),
      rejectUnauthorized: false,
      ...options,
    });
    const signal = AbortSignal.timeout(DEADLINE);
    let session: Buffer | undefined;
    socket.on("session", (ticket) => (session = ticket));
    await once(socket, "secureConnect", { signal });
    const isReused = socket.isSessionReused();
    const subject = String(socket.getPeerCertificate().subject?.CN);
    await using client = new RawClient(socket);
    const { pid } = await ask(client);
    if (!isReused && session === undefined) await once(socket, "session", { signal });
    return { pid, isReused, subject, session };
  }

  const cases = [HTTPS, BY_SOCKET].flatMap((address) =>
    (["TLSv1.2", "TLSv1.3"] as const).flatMap((version) =>
      (address === HTTPS ? ["localhost"] : ["localhost", "example.org"]).map((servername) => ({
        address,
        servername,
        version,
      })),
    ),
  );

  test("resumes its session: with https and with the option tls, TLS 1.2 and 1.3, and SNI", async () => {
    await using service = await start();
    const visits = [];
    for (const { address, servername, version } of cases) {
      const options: ConnectionOptions = { servername, minVersion: version, maxVersion: version };
      visits.push({ address, options, first: await visit(address, options) });
    }
    const pid = await service.reload();
    for (const { address, options, first } of visits) {
      expect(first).toMatchObject({ isReused: false, subject: options.servername });
      const { session } = first;
      const again = await visit(address, { ...options, session });
      expect({ ...again, options }).toMatchObject({ pid, isReused: true, options });
    }
  });

  test("resumes its session when the new process runs in another folder", async () => {
    const program = insidePath(systemd, "programs/handover-servers.mjs");
    for (const release of ["one", "two"])
      await systemd.write(`/run/releases/${release}/app.mjs`, `import "${program}";`);
    const deploy = (release: string): Promise<string> =>
      systemd.mustRun(["ln", "-sfn", `/run/releases/${release}`, "/run/current"]);
    await deploy("one");
    await using service = await start(
      `${systemd.node} app.mjs`,
      "WorkingDirectory=/run/current\nEnvironment=PWD=/run/current",
    );
    const options = { servername: "localhost" };
    const { session } = await visit(HTTPS, options);
    await deploy("two");
    const pid = await service.reload();
    expect(await visit(HTTPS, { ...options, session })).toMatchObject({ pid, isReused: true });
  });

  test("sees the new certificate, if its files have changed", async () => {
    await using service = await start();
    expect(await visit(BY_SOCKET, { servername: "localhost" })).toMatchObject({ subject: "localhost" });
    await install("example.org", "own");
    await service.reload();
    expect(await visit(BY_SOCKET, { servername: "localhost" })).toMatchObject({ subject: "example.org" });
  });
});

interface Visit {
  pid: number;
  isReused: boolean;
  /** The name in the certificate. */
  subject: string;
  session: Buffer | undefined;
}
