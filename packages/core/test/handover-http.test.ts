import { expect } from "vitest";
import { answerOf, ask, type HandoverServer } from "./reloaded-service.ts";
import { type RawClient, sha256 } from "./lifecycle-app.ts";
import { describeOneReload, type Scenario, type Scenarios } from "./one-reload.ts";
import { line as proxyHeader } from "./proxy-headers.ts";

/** More than the kernel keeps for a client that does not read. */
const LARGE = 24 * 2 ** 20;
const line = Buffer.from(Array.from({ length: 8192 }, (_, index) => `${index};`).join(""));
const body = Buffer.alloc(LARGE, line).toString("latin1");

/** A server for each scenario with settings, on a port of its own. */
const servers = {
  http: {},
  headers: {
    serverOptions: { connectionsCheckingInterval: 100 },
    laterProperties: { headersTimeout: 500 },
  },
  short: { laterProperties: { keepAliveTimeout: 4000 } },
  none: { properties: { keepAliveTimeout: 0 } },
  timeout: { properties: { keepAliveTimeout: 0 }, laterProperties: { timeout: 500 } },
  two: { properties: { maxConnections: 2 } },
  one: { properties: { maxConnections: 1 } },
  requests: { properties: { maxRequestsPerSocket: 3 } },
  express: { kind: "express", serverOptions: { keepAlive: true } },
  late: {
    serverOptions: { connectionsCheckingInterval: 100 },
    properties: { keepAliveTimeout: 0 },
    laterProperties: { headersTimeout: 400, requestTimeout: 500 },
  },
  proxied: { options: { sockets: { proxied: { proxyProtocol: { from: ["127.0.0.1"], timeout: "60s" } } } } },
} satisfies Record<string, HandoverServer>;
const names = Object.keys(servers);
const portOf = (name: string): number => 80 + names.indexOf(name);
const at = (name: keyof typeof servers): string => `127.0.0.1:${portOf(name)}`;

const unitsFor = () => ({
  sockets: Object.fromEntries(names.map((name) => [name, { listen: at(name as keyof typeof servers) }])),
  servers: Object.entries(servers).map(([name, server]: [string, HandoverServer]) => ({
    options: { name },
    ...server,
  })),
});

const HALF = "GET /half HTTP/1.1\r\nHost: localhost\r\n\r\n";

/** A client that has sent this part of a request before the reload, which is its first or second one. */
function half(start: string): Scenario {
  return async ({ service, reload, untilMoved }) => {
    await using first = await service.connect();
    await using second = await service.idle();
    for (const client of [first, second]) client.send(start);
    const { before, after } = await reload();
    for (const client of [first, second]) {
      const answer = answerOf(await client.send(HALF.slice(start.length)).receives(/\}$/));
      expect(answer).toMatchObject({ pid: before, url: "/half" });
    }
    await untilMoved();
    for (const client of [first, second]) expect(await ask(client)).toMatchObject({ pid: after });
  };
}

/** A client that reads most of its response after the reload. */
function slow(route: string): Scenario {
  return async ({ service, reload, untilMoved }) => {
    await using client = await service.connect();
    client.get(`/${route}?bytes=${LARGE}`);
    const first = await client.receives(/\r\n\r\n/);
    client.socket.pause();
    const { before, after } = await reload();
    client.socket.resume();
    const [head, rest] = split(await receiveAll(client, first));
    expect(head).toContain(`x-pid: ${before}`);
    expect(rest === body).toBe(true);
    await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after });
  };
}

/** A client that asks to close. One of its connections is busy during the reload, and one has moved. */
function closing(request: string): Scenario {
  return async ({ service, reload, untilMoved }) => {
    await using busy = await service.connect();
    const first = await busy.send(request.replace("/ ", `/download?bytes=${LARGE} `)).receives(/\r\n\r\n/);
    busy.socket.pause();
    await using moved = await service.idle();
    await reload();
    busy.socket.resume();
    expect(split(await receiveAll(busy, first))[1] === body).toBe(true);
    expect(await busy.closed).toBe("end");
    const { after } = await untilMoved();
    expect(await moved.send(request).receives(/\}$/)).toContain(`{"pid":${after},`);
    expect(await moved.closed).toBe("end");
  };
}

const scenarios: Scenarios = {
  "stays open if it is idle, and the new process answers": async ({ service, reload, untilMoved }) => {
    await using client = await service.idle();
    const { before, after } = await reload();
    expect(after).not.toBe(before);
    expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 1 } });
    await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 2 } });
  },

  "stays open if the client has not sent a byte yet": async ({ service, untilMoved }) => {
    await using client = await service.connect();
    const { after } = await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after, facts: { requests: 1 } });
  },

  "gets its answer from the old process if the client has sent half of its first line": half("GET /half HT"),
  "gets its answer from the old process if the client has sent one byte": half("G"),
  "gets its answer from the old process if only the last byte is missing": half(HALF.slice(0, -1)),

  "moves when an upload is complete, and each byte has arrived": async ({ service, reload, untilMoved }) => {
    await using client = await service.connect();
    client.send(`POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${LARGE}\r\n\r\n`);
    client.send(body.slice(0, LARGE / 2));
    const { before, after } = await reload();
    client.send(body.slice(LARGE / 2));
    const text = await client.receives(/\}$/);
    const expected = { pid: before, bytes: LARGE, sha256: sha256(Buffer.from(body, "latin1")) };
    expect(JSON.parse(text.slice(text.indexOf("{")))).toEqual(expected);
    await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after });
  },

  "moves when an upload is complete that was answered before its end": async ({
    service,
    reload,
    untilMoved,
  }) => {
    await using client = await service.connect();
    client.send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345");
    await client.receives(/"early":true\}$/);
    const { before, after } = await reload();
    client.send("67890GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(answerOf(await client.receives(/\}$/))).toMatchObject({ pid: before, url: "/next" });
    await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after });
  },

  "moves when a slow client has read the whole response, which the app still writes": slow("download"),
  "moves when a slow client has read the whole response, which the app has written": slow("buffered"),

  "has all answers of pipelined requests, in their order, from the old process, and then moves": async ({
    service,
    reload,
    untilMoved,
  }) => {
    await using client = await service.connect();
    client.get(`/download?bytes=${LARGE}`).get("/second").get("/third");
    const first = await client.receives(/\r\n\r\n/);
    client.socket.pause();
    const { before, after } = await reload();
    client.socket.resume();
    const text = await receiveUntil(client, first, (chunk) => /"url":"\/third".*\}$/.test(chunk));
    const [, rest] = split(text);
    expect(rest.slice(0, LARGE) === body).toBe(true);
    const [second, third] = rest.slice(LARGE).split(/(?=HTTP\/1\.1 )/) as [string, string];
    expect(answerOf(second)).toMatchObject({ pid: before, url: "/second", facts: { requests: 2 } });
    expect(answerOf(third)).toMatchObject({ pid: before, url: "/third", facts: { requests: 3 } });
    await untilMoved();
    expect(await ask(client)).toMatchObject({ pid: after });
  },

  "moves when a request with Expect: 100-continue is answered": async ({ service, reload, untilMoved }) => {
    await using client = await service.connect();
    const head =
      "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    await client.send(head).receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    const { before, after } = await reload();
    expect(await client.send("12345").receives(/\}$/)).toContain(`{"pid":${before},"bytes":5`);
    await untilMoved();
    await client.send(head).receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    expect(await client.send("12345").receives(/\}$/)).toContain(`{"pid":${after},"bytes":5`);
  },

  "closes after its answer with Connection: close, in each of the two processes": closing(
    "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  ),
  "closes after its answer with HTTP/1.0, in each of the two processes": closing("GET / HTTP/1.0\r\n\r\n"),

  "moves between the two bytes of an empty line": async ({ service, untilMoved }) => {
    await using client = await service.idle();
    client.send("\r");
    const { after } = await untilMoved();
    client.send("\n\r\n");
    expect(await ask(client)).toMatchObject({ pid: after });
  },

  "closes if the client has closed its side": async ({ service, reload }) => {
    await using early = await service.idle();
    await using late = await service.idle();
    early.socket.end();
    await reload();
    late.socket.end();
    expect(await early.closed).toBe("end");
    expect(await late.closed).toBe("end");
  },
  "is not hit by headersTimeout if it is idle, and is if the client then sends half a request": async ({
    service,
    untilMoved,
  }) => {
    await using waiting = await service.idle(at("headers"));
    await using late = await service.idle(at("headers"));
    const { after } = await untilMoved();
    late.send("GET / HTTP/1.1\r\n");
    expect(await late.receives(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await late.closed).toBe("end");
    expect(await ask(waiting)).toMatchObject({ pid: after });
  },

  "closes after the keepAliveTimeout of the new process, with or without a request since": async ({
    service,
    reload,
  }) => {
    await using silent = await service.idle(at("short"));
    await using active = await service.idle(at("short"));
    const { after } = await reload();
    while ((await ask(active)).pid !== after);
    for (const client of [silent, active]) {
      expect(await client.closed).toBe("end");
      expect(client.received).toBe("");
    }
  },

  "stays open without a keepAliveTimeout, also if the server has a requestTimeout": async ({
    service,
    untilMoved,
  }) => {
    await using none = await service.idle(at("none"));
    await using late = await service.idle(at("late"));
    const { after } = await untilMoved();
    for (const client of [none, late]) {
      expect(client.received).toBe("");
      expect(await ask(client)).toMatchObject({ pid: after });
    }
  },

  "closes after the timeout of the server": async ({ service, reload }) => {
    await using client = await service.idle(at("timeout"));
    await reload();
    expect(await client.closed).toBe("end");
    expect(client.received).toBe("");
  },

  "counts for maxConnections, but is never dropped": async ({ service, untilMoved }) => {
    await using first = await service.idle(at("two"));
    await using second = await service.idle(at("two"));
    const { after } = await untilMoved();
    expect(await ask(first)).toMatchObject({ pid: after, facts: { connections: 2 } });
    await using third = await service.connect(at("two"));
    expect(await third.closed).toBe("end");
    expect(await ask(second)).toMatchObject({ pid: after });
  },

  "is not dropped if maxConnections is reached already": async ({ service, reload, untilMoved }) => {
    await using busy = await service.connect(at("one"));
    busy.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n");
    const { after } = await reload();
    await using other = await service.idle(at("one"));
    await busy.send("12345").receives(/\}$/);
    await untilMoved();
    expect(await ask(busy)).toMatchObject({ pid: after, facts: { connections: 2 } });
    expect(await ask(other)).toMatchObject({ pid: after });
  },

  "may make maxRequestsPerSocket requests to each process": async ({ service, untilMoved }) => {
    await using client = await service.idle(at("requests"));
    await ask(client);
    const { after: pid } = await untilMoved();
    for (const requests of [1, 2]) expect(await ask(client)).toMatchObject({ pid, facts: { requests } });
    expect(await client.get("/").receives(/\}$/)).toContain("Connection: close");
  },

  "has the addresses and the socket options of an accepted connection": async ({
    systemd,
    service,
    untilMoved,
  }) => {
    await using client = await service.idle(at("express"));
    const { after: pid } = await untilMoved();
    const address = "127.0.0.1";
    const { localPort } = client.socket;
    const facts = {
      ip: address,
      remoteAddress: address,
      remotePort: localPort,
      localPort: portOf("express"),
    };
    expect(await ask(client)).toMatchObject({ pid, facts });
    const command = ["ss", "-Htno", "state", "established", "dport", "=", `:${localPort}`];
    expect(await systemd.mustRun(command)).toContain("timer:(keepalive,");
  },

  "with a PROXY header keeps the address of its client, and needs no second header": async ({
    service,
    reload,
    untilMoved,
  }) => {
    const facts = { remoteAddress: "192.0.2.1", remotePort: 56_324 };
    await using idle = await service.connect(at("proxied"));
    await ask(idle.send(proxyHeader));
    await using fresh = await service.connect(at("proxied"));
    fresh.send(proxyHeader);
    await using pending = await service.connect(at("proxied"));
    pending.send(proxyHeader.slice(0, 20));
    await using unknown = await service.connect(at("proxied"));
    await ask(unknown.send("PROXY UNKNOWN\r\n"));
    const { before, after } = await reload();
    // The old process has read a part of this header, so only it can read the rest. If that takes long, it
    // closes the connection, as at a stop.
    pending.send(proxyHeader.slice(20)).get("/");
    const answer = await pending.receives(/\}$/).catch(() => pending.closed);
    if (answer.startsWith("HTTP")) expect(answerOf(answer)).toMatchObject({ pid: before, facts });
    await using later = await service.connect(at("proxied"));
    expect(await ask(later.send(proxyHeader))).toMatchObject({ pid: after, facts });
    await untilMoved();
    for (const moved of [idle, fresh])
      expect(await ask(moved)).toMatchObject({ pid: after, facts: { ...facts, requests: 1 } });
    expect(await ask(unknown)).toMatchObject({ pid: after, facts: { remoteAddress: "127.0.0.1" } });
  },
};

describeOneReload("an HTTP/1 connection, when the service is reloaded", scenarios, { unitsFor });

/** The head of a response, and what follows it. */
function split(text: string): [head: string, rest: string] {
  const end = text.indexOf("\r\n\r\n") + 4;
  return [text.slice(0, end), text.slice(end)];
}

/** Receives the rest of a response with LARGE bytes, of which this has come already. */
function receiveAll(client: RawClient, first: string): Promise<string> {
  let left = split(first)[0].length + LARGE - first.length;
  return receiveUntil(client, first, ({ length }) => (left -= length) <= 0);
}

/** @param isLast called with each chunk */
async function receiveUntil(
  client: RawClient,
  first: string,
  isLast: (chunk: string) => boolean,
): Promise<string> {
  const chunks = [first];
  do chunks.push(await client.receives(/./s));
  while (!isLast(chunks.at(-1) as string));
  return chunks.join("");
}
