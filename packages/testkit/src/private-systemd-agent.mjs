// Makes HTTP requests inside the namespaces of a private systemd: one JSON request a line in, one JSON answer a line out.
// Plain JavaScript, since the Node that the tests run on may be older than type stripping.
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import net from "node:net";
import process from "node:process";
import readline from "node:readline";

const AF_UNIX = 1;
const SOCK_STREAM = 1;

/**
 * Connects to an abstract unix socket; `@name` is how systemd and ss write its address. With `connect("\0name")` Node 20 pads the name
 * with zeros to the longest one possible, and systemd, rightly, does not.
 */
const connectAbstract = (name) => {
  const koffi = createRequire("/run/sockact/project/packages/testkit/package.json")("koffi");
  const libc = koffi.load(null);
  const address = Buffer.alloc(2 + Buffer.byteLength(name));
  new Uint16Array(address.buffer, address.byteOffset, 1)[0] = AF_UNIX;
  address.write(name.replace("@", "\0"), 2);
  const fd = libc.func("int socket(int domain, int type, int protocol)")(AF_UNIX, SOCK_STREAM, 0);
  if (libc.func("int connect(int fd, void *address, uint32_t length)")(fd, address, address.length) !== 0) {
    throw Object.assign(new Error(`nothing listens on ${name}`), { code: "ECONNREFUSED" });
  }
  return new net.Socket({ fd });
};

/** Answers one request, over a new connection. */
const perform = ({ url, socketPath, method, headers, body, timeout }) =>
  new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const outgoing = request(url, {
      method,
      headers,
      ...(socketPath?.startsWith("@")
        ? // Node calls this only without any agent, also without its default one.
          { createConnection: () => connectAbstract(socketPath) }
        : { socketPath, agent: false }),
      // Certificates are made by the test itself.
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error(`no answer in ${timeout} ms`), { code: "ETIMEDOUT" }));
    }, timeout);
    outgoing.on("close", () => clearTimeout(timer));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const chunks = [];
      incoming.on("data", (chunk) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.end(body);
  });

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, ...request } = JSON.parse(line);
  const answer = await perform(request).then(
    (response) => ({ id, response }),
    // When all addresses of a name fail, the error has a code but no message.
    ({ code, message }) => ({ id, error: { code, message: message || code } }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
