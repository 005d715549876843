import { expect, test } from "vitest";
import { type AppOptions, readOptions } from "./options.ts";

const pair = { key: "k", cert: "c" };

test.each<[tls: object, message: string, hint: string]>([
  [
    { sni: { "shop.example": pair } },
    "The option tls must have both key and cert, or pfx, or SNICallback",
    "none: tls: { key, cert, sni }",
  ],
  [{ ...pair, Sni: {} }, "unknown option tls.Sni: did you mean sni?", "Correct"],
  [{ ...pair, requestCerts: true }, "unknown option tls.requestCerts: did you mean requestCert?", "Correct"],
  [
    { ...pair, sni: ["shop.example"] },
    "The option tls.sni must be an object with a key for each host name; got an array",
    "Write sni",
  ],
  [
    { ...pair, sni: { a: {} } },
    'The option tls.sni["a"] must have both key and cert, or pfx; got {  }',
    "Write sni",
  ],
  [
    { ...pair, sni: { a: { key: "SECRET" } } },
    'The option tls.sni["a"] must have both key and cert, or pfx; got { key }',
    "Write sni",
  ],
  [
    { ...pair, sni: { a: "SECRET" } },
    'The option tls.sni["a"] must be an object such as { key, cert }; got a string',
    "Write sni",
  ],
  [
    { ...pair, sni: { a: { ...pair, Ca: "x" } } },
    'unknown option tls.sni["a"].Ca: did you mean ca?',
    "Correct",
  ],
  [
    { ...pair, sni: { a: { ...pair, requestCert: true } } },
    'The option tls.sni["a"] can\'t have requestCert',
    "write requestCert next to sni",
  ],
  [
    { ...pair, sni: { a: { ...pair, maxVersion: "TLSv1.2", ciphers: "x" } } },
    'The option tls.sni["a"] can\'t have maxVersion, ciphers',
    "Node reads them before it knows the name",
  ],
  [
    { ...pair, sni: null },
    "The option tls.sni must be an object with a key for each host name; got null",
    "Write sni",
  ],
  [
    { ...pair, sni: { a: null } },
    'The option tls.sni["a"] must be an object such as { key, cert }; got null',
    "Write sni",
  ],
  ...[
    ["https://x.example", 'Write "x.example".'],
    ["x.example:443", 'Write "x.example".'],
    ["x.example.", 'Write "x.example".'],
    ["bücher.example", 'Write "xn--bcher-kva.example".'],
    ["192.0.2.1", "sends no name"],
    ["::1", "sends no name"],
    ["", "Write sni"],
  ].map(([name, hint]): [object, string, string] => [
    { ...pair, sni: { [name as string]: pair } },
    `Each key of tls.sni must be a host name such as shop.example or *.shop.example; got ${JSON.stringify(name)}`,
    hint as string,
  ]),
])("%j is refused, and no key is shown", (tls, message, hint) => {
  for (const [options, where] of [
    [{ tls }, "tls"],
    [{ sockets: { web: { tls } } }, "sockets.web.tls"],
  ] as const)
    expect(() => readOptions(options as AppOptions)).toThrow(
      expect.objectContaining({
        code: "SOCKACT_ERR_OPTION",
        message: message.replace(/\btls\b/, where),
        hint: expect.stringContaining(hint) as string,
      }),
    );
});

test.each(["localhost", "shop.example", "*.shop.example", "xn--bcher-kva.example", "a_b.example"])(
  "a name of sni may be %s",
  (name) => {
    expect(() =>
      readOptions({ tls: { ...pair, sni: { [name]: { ...pair, ca: "x", crl: undefined } } } }),
    ).not.toThrow();
  },
);

// From the documentation of tls.createServer() and http2.createSecureServer().
test.each(
  "allowPartialTrustChain clientCertEngine dhparam ecdhCurve enableTrace handshakeTimeout honorCipherOrder maxSessionMemory minDHSize OCSPRequest pauseOnConnect privateKeyEngine privateKeyIdentifier pskCallback pskIdentityHint secureContext secureOptions secureProtocol sessionIdContext sessionTimeout settings sigalgs SNICallback ticketKeys".split(
    " ",
  ),
)("the option %s of Node is not taken for a misspelled one", (name) => {
  expect(() => readOptions({ tls: { ...pair, [name]: undefined } })).not.toThrow();
});
