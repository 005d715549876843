// Clients of autocannon that always have a request in progress.
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import autocannon from "autocannon";
import { requestsOf } from "./requests.mjs";
import { Rounds } from "./rounds.mjs";
import { Tally } from "./tally.mjs";

/**
 * @param {{ url: string, socketPath?: string, connections: number, keepAlive: boolean, timeout?: number, requests?: object[],
 *   status?: number, answer?: string }} options `keepAlive: false`: each request on a new connection; `timeout`: seconds until
 *   a request without an answer fails; `requests`, `status`, `answer`: as in `requestsOf()`
 */
export function start({ url, socketPath, connections, keepAlive, timeout = 60, ...asked }) {
  const { requests, status: wanted, isWhole } = requestsOf(asked);
  const tally = new Tally();
  const rounds = new Rounds(connections);
  let clients = 0;
  let underWay = 0;
  const running = autocannon({
    url,
    socketPath,
    connections,
    requests,
    verifyBody: isWhole,
    // Until the input ends.
    duration: 86_400,
    sampleInt: 100,
    // The default is long, because new connections may wait while a server drains.
    timeout,
    setupClient(client) {
      const id = clients++;
      keepCount(client, tally);
      if (!keepAlive) askToClose(client);
      let isAnswered = false;
      let pid;
      /**
       * When the client sent the request that has no answer yet. If it fails, the client sends the next one
       * at once, and the time counts on.
       */
      let sent;
      client.on("request", () => (sent ??= performance.now()));
      client.on("headers", ({ headers }) => (pid = pidIn(headers)));
      client.on("response", (status, _bytes, duration) => {
        isAnswered = status === wanted;
        if (isAnswered) {
          // `duration` starts before the connection is made.
          tally.answer(Math.max(duration, performance.now() - sent), pid);
          sent = undefined;
        } else tally.fail(`status ${status}`);
        rounds.answered(id);
      });
      client.on("mismatch", () => {
        if (!isAnswered) return;
        tally.takeBack();
        tally.fail("another body");
      });
      client.on("done", () => (underWay += client.pipelinedRequests.size()));
    },
  });
  const done = once(running, "done");

  return {
    round: () => rounds.next(tally),
    async stop() {
      running.stop();
      await done;
      return tally.result(underWay);
    },
  };
}

/** The value of `x-pid` in a list of header names and values. */
function pidIn(headers) {
  const name = headers.findIndex((item, index) => index % 2 === 0 && item.toLowerCase() === "x-pid");
  return name === -1 ? undefined : headers[name + 1];
}

/**
 * Counts each request that is sent and never answered. autocannon 8 does not: it does not report a connection
 * that ends without an error during a request. The client also follows `Connection: close`: autocannon would
 * send its next request on the closing connection, where no server can answer it.
 */
function keepCount(client, tally) {
  const { _connect: connect, _doRequest: send } = client;
  let closing = false;
  let reason = "closed";

  client.on("request", () => tally.sent++);
  client.on("headers", ({ shouldKeepAlive }) => (closing = !shouldKeepAlive));
  client.on("timeout", () => tally.fail("timeout"));
  client.on("connError", (error) => {
    reason = tally.connectionError(error);
  });
  client._doRequest = function () {
    if (closing) client.conn.end();
    else send.call(this);
  };
  // Called for the first connection, and whenever the connection has closed.
  client._connect = function () {
    for (let lost = client.pipelinedRequests.size(); lost > 0; lost--) tally.fail(reason);
    if (client.conn) client._destroyConnection();
    // The connection may have closed during an answer.
    client.parser.reinitialize(client.parser.type);
    closing = false;
    reason = "closed";
    tally.connections++;
    connect.call(this);
  };
}

/**
 * Each request is the last of its connection. autocannon itself always sends keep-alive, whatever its
 * headers.
 */
function askToClose(client) {
  const { getRequestBuffer } = client;
  client.getRequestBuffer = function () {
    const asked = getRequestBuffer.call(this).toString("latin1");
    return Buffer.from(asked.replace("Connection: keep-alive", "Connection: close"), "latin1");
  };
}
