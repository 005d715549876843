// HTTP/2 requests that a proxy has to turn into HTTP/1.1. Node's own client refuses to send most of them.

type Header = readonly [name: string, value: string];
interface Request {
  headers?: readonly Header[];
  /** Pseudo-headers instead of the usual ones of the same name. */
  pseudo?: readonly Header[];
  body?: string;
  trailers?: readonly Header[];
}

/** An integer with a prefix of 7 bits: RFC 7541, section 5.1. */
function integer(value: number): string {
  if (value < 127) return String.fromCharCode(value);
  let [text, rest] = [String.fromCharCode(127), value - 127];
  for (; rest >= 128; rest >>= 7) text += String.fromCharCode((rest & 127) | 128);
  return text + String.fromCharCode(rest);
}

/** A header that no table compresses: RFC 7541, section 6.2.2. */
const literal = ([name, value]: Header): string =>
  `\0${integer(name.length)}${name}${integer(value.length)}${value}`;

/** RFC 9113, section 4.1. */
function frame(type: number, flags: number, stream: number, payload: string): string {
  const head = [payload.length >> 16, payload.length >> 8, payload.length, type, flags, 0, 0, 0, stream];
  return String.fromCharCode(...head.map((byte) => byte & 255)) + payload;
}

/** The value of a header that is left out. */
const NONE = "none";
const [DATA, HEADERS, SETTINGS] = [0, 1, 4];
const [END_STREAM, END_HEADERS] = [1, 4];

/** The bytes of a connection with this request. */
export function bytesOf(
  { headers = [], pseudo = [], body = "", trailers }: Request,
  fill: (text: string) => string = (text) => text,
): string {
  const usual: Header[] = [
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", "HOST"],
    [":path", "/first"],
  ];
  const isGiven = ([name]: Header) => pseudo.some(([one]) => one === name);
  const all = [...pseudo, ...usual.filter((one) => !isGiven(one)), ...headers];
  const block = (given: readonly Header[]) =>
    given
      .filter(([, value]) => value !== NONE)
      .map(([name, value]) => literal([fill(name), fill(value)]))
      .join("");
  const isWhole = trailers === undefined;
  return [
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    frame(SETTINGS, 0, 0, ""),
    frame(HEADERS, END_HEADERS, 1, block(all)),
    frame(DATA, isWhole ? END_STREAM : 0, 1, fill(body)),
    isWhole ? "" : frame(HEADERS, END_HEADERS | END_STREAM, 1, block(trailers)),
  ].join("");
}

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";
const chunks = `0\r\n\r\n${smuggled}`;

/** By what is odd about it. HOST and OTHER are as in http1.ts. */
export const requests: Readonly<Record<string, Request>> = {
  "a plain request": { body: "body" },
  "H2.CL of 0": { headers: [["content-length", "0"]], body: smuggled },
  "H2.CL that is shorter": { headers: [["content-length", "4"]], body: `body${smuggled}` },
  "H2.CL that is longer": { headers: [["content-length", "400"]], body: "body" },
  "two lengths": {
    headers: [
      ["content-length", "4"],
      ["content-length", "40"],
    ],
    body: `body${smuggled}`,
  },
  "a length that is a list": { headers: [["content-length", "4, 40"]], body: `body${smuggled}` },
  "a length with a sign": { headers: [["content-length", "+4"]], body: `body${smuggled}` },
  "an empty length": { headers: [["content-length", ""]], body: smuggled },
  "H2.TE": { headers: [["transfer-encoding", "chunked"]], body: chunks },
  "H2.TE in upper case": { headers: [["Transfer-Encoding", "chunked"]], body: chunks },
  "H2.TE with a space": { headers: [["transfer-encoding ", "chunked"]], body: chunks },
  "H2.TE with _": { headers: [["transfer_encoding", "chunked"]], body: chunks },
  Connection: { headers: [["connection", "transfer-encoding, content-length"]], body: chunks },
  te: { headers: [["te", "chunked"]], body: chunks },
  "an upgrade": {
    headers: [
      ["upgrade", "websocket"],
      ["connection", "upgrade"],
    ],
    body: chunks,
  },
  "an upgrade to h2c": {
    headers: [
      ["upgrade", "h2c"],
      ["http2-settings", "AAMAAABkAAQAAP__"],
    ],
    body: "",
  },
  "CRLF in a value": { headers: [["x", "y\r\nTransfer-Encoding: chunked"]], body: chunks },
  "a request in a value": { headers: [["x", `y\r\n\r\n${smuggled}`]] },
  "LF in a value": { headers: [["x", "y\nTransfer-Encoding: chunked"]], body: chunks },
  "CR in a value": { headers: [["x", "y\rTransfer-Encoding: chunked"]], body: chunks },
  "NUL in a value": { headers: [["x", "y\0Transfer-Encoding: chunked"]], body: chunks },
  "CRLF in a name": { headers: [["x: y\r\ntransfer-encoding", "chunked"]], body: chunks },
  "LF in a name": { headers: [["x: y\ntransfer-encoding", "chunked"]], body: chunks },
  "a colon in a name": { headers: [["transfer-encoding: chunked\r\nx:", "y"]], body: chunks },
  "an empty name": { headers: [["", "x"]] },
  "a space in :path": { pseudo: [[":path", "/first /second"]] },
  "a request in :path": { pseudo: [[":path", `/first HTTP/1.1\r\nHost: HOST\r\n\r\n${smuggled}`]] },
  "LF in :path": { pseudo: [[":path", "/first\nx: y"]] },
  "a NUL in :path": { pseudo: [[":path", "/first\0"]] },
  "a :path without a slash": { pseudo: [[":path", "first"]] },
  "a :path in absolute form": { pseudo: [[":path", "http://OTHER/first"]] },
  "an empty :path": { pseudo: [[":path", ""]] },
  "no :path": { pseudo: [[":path", NONE]] },
  "two :path": {
    pseudo: [
      [":path", "/first"],
      [":path", "/second"],
    ],
  },
  "a request in :method": { pseudo: [[":method", `GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\nGET`]] },
  "a space in :method": { pseudo: [[":method", "GET /smuggled"]] },
  CONNECT: { pseudo: [[":method", "CONNECT"]] },
  "CONNECT for a WebSocket": {
    pseudo: [
      [":method", "CONNECT"],
      [":protocol", "websocket"],
    ],
    body: chunks,
  },
  "an odd :scheme": { pseudo: [[":scheme", "http://OTHER/?"]] },
  "the :scheme http": { pseudo: [[":scheme", "http"]] },
  ":authority and another host": { headers: [["host", "OTHER"]] },
  "another :authority and the host": { pseudo: [[":authority", "OTHER"]], headers: [["host", "HOST"]] },
  "a host alone": { pseudo: [[":authority", NONE]], headers: [["host", "HOST"]] },
  "two hosts": {
    pseudo: [[":authority", NONE]],
    headers: [
      ["host", "HOST"],
      ["host", "OTHER"],
    ],
  },
  "two :authority": {
    pseudo: [
      [":authority", "HOST"],
      [":authority", "OTHER"],
    ],
  },
  "an empty :authority": { pseudo: [[":authority", ""]] },
  "no host at all": { pseudo: [[":authority", NONE]] },
  "userinfo in :authority": { pseudo: [[":authority", "OTHER@HOST"]] },
  "a port in :authority": { pseudo: [[":authority", "HOST:443"]] },
  "a list in :authority": { pseudo: [[":authority", "HOST, OTHER"]] },
  "a path in :authority": { pseudo: [[":authority", "HOST/OTHER"]] },
  "CRLF in :authority": { pseudo: [[":authority", "HOST\r\nX-Forwarded-For: 6.6.6.6"]] },
  "CRLF in a host": { headers: [["host", "HOST\r\nX: y"]] },
  "an unknown pseudo-header": { pseudo: [[":host", "OTHER"]] },
  "a pseudo-header in the end": {
    headers: [
      ["x", "y"],
      [":authority", "OTHER"],
    ],
  },
  trailers: {
    body: "body",
    trailers: [
      ["content-length", "40"],
      ["x-forwarded-for", "6.6.6.6"],
      ["host", "OTHER"],
    ],
  },
  "a pseudo-header in trailers": { body: "body", trailers: [[":path", "/smuggled"]] },
};
