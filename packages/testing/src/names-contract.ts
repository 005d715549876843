import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import process from "node:process";
import { socketActivate } from "./activated-process.ts";
import { assertMatches } from "./assertions.ts";
import { definitionsOf, type TestRunner } from "./test-runner.ts";
import { type AddressKind, freeAddress } from "./addresses.ts";
import { DEADLINE } from "./app-process.ts";
import { certificateOf } from "./certificates.ts";
import { openSecurely, secureConnection, webSocketAnswer } from "./clients.ts";
import { httpRequest, openConnection, requestOver } from "./http-request.ts";

/** An adapter with one major version of its framework, and apps that use the names of their sockets. */
export interface NamesUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  readonly title: string;
  /** The package of the framework, such as `express4`, which the apps load. */
  readonly framework: string;
  /** The app of the contract, which shows the protocol at `/protocol`. */
  readonly program: string;
  /** An app for the sockets named public, and another one in the same process for the sockets named admin. */
  readonly two: string;
  /** Whether the framework can answer HTTP/2. */
  readonly http2: boolean;
}

type Connection = Awaited<ReturnType<typeof secureConnection>>;

const tls = certificateOf("localhost");

/** What socket names mean for `systemdListen()`, with any framework. */
export function namesContract(
  runner: TestRunner,
  { title, framework, program, two, http2 }: NamesUnderTest,
): void {
  const { describe, test } = definitionsOf(runner);
  const activate = async (
    sockets: [name: string, kind: AddressKind][],
    file: string,
    env: Record<string, string> = {},
  ): Promise<[app: Awaited<ReturnType<typeof socketActivate>>, ...addresses: string[]]> => {
    const addresses = await Promise.all(sockets.map(([, kind]) => freeAddress(kind)));
    const app = await socketActivate(addresses, [process.execPath, file], {
      env: { FRAMEWORK: framework, KEEP_ALIVE: "60000", ...env },
      names: sockets.map(([name]) => name),
    });
    return [app, ...addresses];
  };
  const options = JSON.stringify({ sockets: { http: {}, https: { tls } } });

  describe(`${title}, sockets by name`, () => {
    test("http and https on one app, over TCP and Unix sockets", async () => {
      const [app, plain, secure, plainUnix, secureUnix] = await activate(
        [
          ["http", "tcp4"],
          ["https", "tcp4"],
          ["http", "unix"],
          ["https", "unix"],
        ],
        program,
        { OPTIONS: options, SERVER: "own" },
      );
      await using _ = app;
      for (const address of [plain, plainUnix])
        assert.deepEqual((await httpRequest(address as string, "/protocol")).json(), {
          protocol: "http",
          secure: false,
          httpVersion: "1.1",
        });
      const connections = await Promise.all([secure, secureUnix].map((to) => secureConnection(to as string)));
      for (const [index, remoteAddress] of ["127.0.0.1", null].entries()) {
        const connection = connections[index] as Connection;
        assert.deepEqual((await requestOver(connection, "/protocol")).json(), {
          protocol: "https",
          secure: true,
          httpVersion: "1.1",
        });
        assertMatches((await requestOver(connection)).json(), { remoteAddress });
      }
      for (const open of [() => openConnection(plain as string), () => openSecurely(secure as string)])
        assert.equal(await webSocketAnswer(open, "hello"), "hello");
      app.kill("SIGTERM");
      for (const connection of connections) {
        let answer;
        // Until the app has received the signal.
        do answer = await requestOver(connection);
        while (answer.headers.connection === "keep-alive");
        assertMatches(answer, { status: 200, headers: { connection: "close" } });
      }
      assert.equal(await app.ended, 0);
    });

    test(`a client that knows HTTP/2 gets ${http2 ? "it" : "HTTP/1.1: the framework can't"}`, async () => {
      const [app, address] = await activate([["https", "tcp4"]], program, {
        OPTIONS: JSON.stringify({ tls }),
      });
      await using _ = app;
      const connection = await secureConnection(address as string, ["h2", "http/1.1"]);
      assert.equal(connection.alpnProtocol, http2 ? "h2" : "http/1.1");
      if (!http2) {
        assertMatches((await requestOver(connection, "/protocol")).json(), { httpVersion: "1.1" });
        return;
      }
      const session = connectHttp2("https://localhost", { createConnection: () => connection });
      const answered = session.request({ ":path": "/protocol" }).setEncoding("utf8");
      assert.deepEqual(JSON.parse((await answered.toArray()).join("")), {
        protocol: "https",
        secure: true,
        httpVersion: "2.0",
      });
      app.kill("SIGTERM");
      await once(session, "goaway", { signal: AbortSignal.timeout(DEADLINE) });
      assert.equal(await app.ended, 0);
    });

    test("two apps in one process, each with the sockets of its name", async () => {
      const [app, ...addresses] = await activate(
        [
          ["admin", "tcp4"],
          ["public", "unix"],
          ["public", "tcp6"],
          ["admin", "abstract"],
        ],
        two,
      );
      await using _ = app;
      const answers = await Promise.all(
        addresses.map(async (address) => (await httpRequest(address)).json<{ app: string }>().app),
      );
      assert.deepEqual(answers, ["admin", "public", "public", "admin"]);
      assert.doesNotMatch(app.stderr, /Warning/);
    });

    if (!http2) {
      test("HTTP/2 that is asked for is refused", async () => {
        const [app] = await activate([["https", "tcp4"]], program, {
          OPTIONS: JSON.stringify({ tls: { ...tls, ALPNProtocols: ["h2", "http/1.1"] } }),
        });
        await using _ = app;
        assert.notEqual(await app.ended, 0);
        assert.match(app.stderr, /sockact: fatal: SOCKACT_ERR_OPTION: /);
      });
    }
  });
}
