// Requests that proxies and apps have read in different ways. HOST is the host name of the app, OTHER that of
// another app behind the same proxy.

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";
/** A last chunk, and a request after it. */
const late = `0\r\n\r\n${smuggled}`;

const post = (lines: string, body: string): string =>
  `POST /first HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n${lines}\r\n\r\n${body}`;
const get = (lines: string, target = "/first", version = "HTTP/1.1"): string =>
  `GET ${target} ${version}\r\n${lines}\r\nConnection: close\r\n\r\n`;
const chunked = (body: string, more = ""): string => post(`Transfer-Encoding: chunked${more}`, body);
const both = (transferEncoding: string): string =>
  post(`Content-Length: ${late.length}\r\n${transferEncoding}`, late);

/** Each value as a request, with itself as the name. */
const each = (values: readonly string[], make: (value: string) => string): Record<string, string> =>
  Object.fromEntries(values.map((value) => [JSON.stringify(value), make(value)]));

/** What a client sends on one connection, by theme and name. It is one request, and may look like two. */
export const attacks: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a Content-Length beside Transfer-Encoding": {
    "CL.TE": both("Transfer-Encoding: chunked"),
    "TE.CL": post(
      "Transfer-Encoding: chunked\r\nContent-Length: 4",
      `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    ),
    "CL.0": post("Content-Length: 0\r\nTransfer-Encoding: chunked", late),
  },
  "a Transfer-Encoding that one of both may not see": each(
    [
      "Transfer-Encoding : chunked",
      " Transfer-Encoding: chunked",
      "Transfer-Encoding\t: chunked",
      "Transfer-Encoding:\u000Bchunked",
      "Transfer-Encoding:\u000Cchunked",
      "Transfer-Encoding: \u00A0chunked",
      "Transfer-Encoding: chunked\u0000",
      "Transfer-Encoding:\tchunked",
      "Transfer-Encoding: chunKED",
      'Transfer-Encoding: "chunked"',
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding: identity, chunked",
      "Transfer-Encoding: chunked, chunked",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: chunked;q=1",
      "Transfer-Encoding: ,chunked",
      "Transfer-Encoding:",
      "Transfer-Encoding: identity",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
      "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding:\r\n chunked",
      "Transfer_Encoding: chunked",
      "X: y\nTransfer-Encoding: chunked",
      "X: y\rTransfer-Encoding: chunked",
      "Connection: Content-Length\r\nTransfer-Encoding: identity",
      "Connection: Content-Length",
      "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
    ],
    both,
  ),
  "a Content-Length that is not one": each(
    [
      "4\r\nContent-Length: 40",
      "40\r\nContent-Length: 4",
      "4, 40",
      "4, 4",
      "+4",
      "-4",
      "0x4",
      "4 ",
      " 4 4",
      "4;",
      "4e0",
      "04",
      "",
      "4\u00004",
      "18446744073709551620",
      "4\r\nContent_Length: 40",
      "4\r\nContent-Length : 40",
    ],
    (value) => post(`Content-Length: ${value}`, `body${smuggled}`),
  ),
  "line ends": {
    "LF alone": "GET /first HTTP/1.1\nHost: HOST\nConnection: close\n\n",
    "CR alone": "GET /first HTTP/1.1\rHost: HOST\rConnection: close\r\r",
    "LF before a header": get("X: y\nHost: HOST"),
    "a NUL in a value": get("Host: HOST\r\nX: a\u0000b"),
    "a folded line": get("Host: HOST\r\nX: a\r\n b: c"),
    "a folded first line": get(" X: a\r\nHost: HOST"),
    "a folded host": get("Host:\r\n HOST"),
    "a header without a colon": get("Host: HOST\r\nX"),
    "a header without a name": get("Host: HOST\r\n: x"),
    "a space in a name": get("Host: HOST\r\nX Y: z"),
    "empty lines before it": `\r\n\r\n${get("Host: HOST")}`,
  },
  chunks: {
    plain: chunked("4\r\nbody\r\n0\r\n\r\n"),
    "an extension": chunked("4;a=b\r\nbody\r\n0\r\n\r\n"),
    "an extension with LF": chunked("4;\nbody\r\n0\r\n\r\n"),
    "a long extension": chunked(`4;${"a".repeat(70_000)}\r\nbody\r\n0\r\n\r\n`),
    "LF after the size": chunked("4\nbody\r\n0\r\n\r\n"),
    "CR after the size": chunked("4\rbody\r\n0\r\n\r\n"),
    "LF after the data": chunked("4\r\nbody\n0\r\n\r\n"),
    "a space after the size": chunked("4 \r\nbody\r\n0\r\n\r\n"),
    "leading zeros": chunked(`${"0".repeat(40)}4\r\nbody\r\n0\r\n\r\n`),
    "0x": chunked(`0x4\r\nbody\r\n0\r\n\r\n${smuggled}`),
    "a negative size": chunked(`-1\r\nbody\r\n0\r\n\r\n${smuggled}`),
    "a size over 64 bits": chunked(`10000000000000004\r\nbody\r\n0\r\n\r\n${smuggled}`),
    "a size of 64 bits": chunked(`ffffffffffffffff\r\nbody\r\n0\r\n\r\n${smuggled}`),
    "no size": chunked(`\r\nbody\r\n0\r\n\r\n${smuggled}`),
    "data that is longer": chunked(`4\r\nbodybody\r\n0\r\n\r\n${smuggled}`),
    "a trailer": chunked(
      "4\r\nbody\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nHost: OTHER\r\n\r\n",
      "\r\nTrailer: Host",
    ),
    "a trailer with a length": chunked(`4\r\nbody\r\n0\r\nContent-Length: 40\r\n\r\n${smuggled}`),
    "no end": chunked(`4\r\nbody\r\n0\r\n${smuggled}`),
  },
  "the target and the host": {
    "absolute form": get("Host: HOST", "http://HOST/first"),
    "absolute form of another host": get("Host: HOST", "http://OTHER/other"),
    "absolute form, with another Host": get("Host: OTHER", "http://HOST/first"),
    "absolute form, and no Host": get("X: y", "http://HOST/first"),
    "absolute form with userinfo": get("Host: HOST", "http://OTHER@HOST/first"),
    "absolute form with a backslash": get("Host: HOST", "http://HOST\\@OTHER/first"),
    "two hosts": get("Host: HOST\r\nHost: OTHER"),
    "the same host twice": get("Host: HOST\r\nHost: HOST"),
    "two hosts, of which one is folded": get("Host: HOST\r\n\tHost: OTHER"),
    "a host with a space": get("Host : OTHER\r\nHost: HOST"),
    host_: get("Host: HOST\r\nHost_: OTHER"),
    "a port": get("Host: HOST:443"),
    "an odd port": get("Host: HOST:@OTHER"),
    "upper case": get("Host: UPPER"),
    "a last dot": get("Host: HOST."),
    "two last dots": get("Host: HOST.."),
    userinfo: get("Host: OTHER@HOST"),
    "userinfo after": get("Host: HOST@OTHER"),
    "a list": get("Host: HOST, OTHER"),
    "a space": get("Host: HOST OTHER"),
    "a path": get("Host: HOST/OTHER"),
    "a question mark": get("Host: HOST?OTHER"),
    "a NUL": get("Host: HOST\u0000OTHER"),
    "a Host that Connection removes": get(
      "Host: HOST\r\nConnection: host, x-forwarded-for, x-forwarded-proto",
    ),
    "OPTIONS *": "OPTIONS * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
    "a target with a space": get("Host: HOST", "/first /second"),
    "a target with CR": get("Host: HOST", "/first\rX: y"),
    "a target with a NUL": get("Host: HOST", "/first\u0000"),
    "a target with an encoded line": get(
      "Host: HOST",
      "/first%20HTTP/1.1%0d%0aHost:%20OTHER%0d%0a%0d%0aGET%20/other",
    ),
    "an empty target": get("Host: HOST", ""),
    "a target without a slash": get("Host: HOST", "first"),
    "a target of two slashes": get("Host: HOST", "//OTHER/first"),
    "two dots": get("Host: HOST", "/../../first"),
    "a fragment": get("Host: HOST", "/first#x"),
  },
};

const alive = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: HOST\r\n${more}\r\n`;
const upgrade = (protocol: string): string =>
  alive(
    "/first",
    `Connection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`,
  );
const second = get("Host: HOST", "/second");

/** Two requests of one client. The app may see the second one as such, or not at all. */
export const pairs: Readonly<Record<string, string>> = {
  pipelining: alive("/first") + second,
  "pipelining after a body": post("Content-Length: 4", "body").replace("Connection: close", "X: y") + second,
  "pipelining after chunks": chunked("4\r\nbody\r\n0\r\n\r\n").replace("Connection: close", "X: y") + second,
  "a body longer than its length":
    post("Content-Length: 4", "body\r\n").replace("Connection: close", "X: y") + second,
  "a GET with a body": alive("/first", `Content-Length: ${second.length}\r\n`) + second,
  HEAD: alive("/first").replace("GET", "HEAD") + second,
  "a WebSocket that the app refuses": upgrade("websocket") + second,
  "an upgrade to h2c": upgrade("h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__") + second,
  "an upgrade to TLS": upgrade("TLS/1.0") + second,
  "an upgrade with a body":
    upgrade("websocket").replace("\r\n\r\n", `\r\nContent-Length: ${second.length}\r\n\r\n`) + second,
  "Expect: 100-continue":
    alive("/first", "Expect: 100-continue\r\nContent-Length: 4\r\n").replace("GET", "POST") + "body" + second,
  "Expect: 100-continue without a body": alive("/first", "Expect: 100-continue\r\n") + second,
  "an obfuscated Expect":
    alive("/first", "Expect: y 100-continue\r\nContent-Length: 4\r\n").replace("GET", "POST") +
    "body" +
    second,
  "HTTP/1.0 with keep-alive": alive("/first", "Connection: keep-alive\r\n").replace("1.1", "1.0") + second,
  "HTTP/1.0 with chunks":
    chunked("4\r\nbody\r\n0\r\n\r\n").replace("HTTP/1.1", "HTTP/1.0").replace("close", "keep-alive") + second,
  "HTTP/2.0 in the first line": alive("/first").replace("1.1", "2.0") + second,
  "HTTP/1.2": alive("/first").replace("1.1", "1.2") + second,
  CONNECT: `CONNECT HOST:443 HTTP/1.1\r\nHost: HOST\r\n\r\n${second}`,
  "the preface of HTTP/2": `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${second}`,
};

/** Requests without a host. No app may see them. */
export const hostless: Readonly<Record<string, string>> = {
  "HTTP/0.9": "GET /first\r\n",
  "HTTP/1.0 without a Host": "GET /first HTTP/1.0\r\n\r\n",
  "HTTP/1.1 without a Host": "GET /first HTTP/1.1\r\nConnection: close\r\n\r\n",
  "an empty Host": "GET /first HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
  "an empty Host over HTTP/1.0": "GET /first HTTP/1.0\r\nHost:\r\n\r\n",
  "an unknown Host": "GET /first HTTP/1.1\r\nHost: unknown.example\r\nConnection: close\r\n\r\n",
  "an address": "GET /first HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
};
