import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { optionError } from "../shared/environment-options.ts";
import { nearest } from "@sockact/shared/nearest";
import { isObject, shapeOf } from "./option-shapes.ts";

const HINT = "Write tls: { key: 'key.pem', cert: 'cert.pem' }, for example.";

const SNI_HINT =
  "Write sni: { 'shop.example': { key: 'shop.key.pem', cert: 'shop.cert.pem' } }, for example.";

/**
 * The options of `tls` whose misspellings are errors, because Node ignores unknown names. No other Node
 * option has a similar name.
 */
const NAMES = [
  "key",
  "cert",
  "ca",
  "crl",
  "pfx",
  "passphrase",
  "sni",
  "ALPNProtocols",
  "requestCert",
  "rejectUnauthorized",
  "minVersion",
  "maxVersion",
  "ciphers",
];

/**
 * The options that Node reads before it knows which host name the client requests. They have no effect in
 * `sni`.
 */
const FOR_ALL_NAMES =
  "sni SNICallback ALPNProtocols requestCert rejectUnauthorized minVersion maxVersion secureProtocol secureOptions ciphers honorCipherOrder ecdhCurve dhparam sigalgs sessionIdContext sessionTimeout ticketKeys".split(
    " ",
  );

/**
 * @param what the name of the option
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function checkTlsOption(tls: unknown, what: string): void {
  if (!isObject(tls))
    throw optionError(
      `The option ${what} must be an object such as { key, cert }; got ${shapeOf(tls)}`,
      HINT,
    );
  const { SNICallback, ALPNCallback, sni } = tls;
  if (ALPNCallback !== undefined)
    throw optionError(
      `The option ${what}.ALPNCallback can't be used: sockact chooses the protocol itself`,
      "Write ALPNProtocols, a list such as ['h2', 'http/1.1'], with the protocol that you prefer first.",
    );
  checkSpelling(tls, what);
  if (SNICallback === undefined && !hasPair(tls))
    throw optionError(
      `The option ${what} must have both key and cert, or pfx, or SNICallback`,
      sni === undefined
        ? HINT
        : "Add the key and the certificate for clients that ask for a name that is not in sni, or for none: tls: { key, cert, sni }.",
    );
  if (sni !== undefined) checkSni(sni, `${what}.sni`);
}

function checkSni(sni: unknown, what: string): void {
  if (!isObject(sni))
    throw optionError(
      `The option ${what} must be an object with a key for each host name; got ${shapeOf(sni)}`,
      SNI_HINT,
    );
  for (const [name, identity] of Object.entries(sni)) {
    checkHostName(name, what);
    const where = `${what}[${JSON.stringify(name)}]`;
    if (!isObject(identity))
      throw optionError(
        `The option ${where} must be an object such as { key, cert }; got ${shapeOf(identity)}`,
        SNI_HINT,
      );
    checkSpelling(identity, where);
    const common = FOR_ALL_NAMES.filter((option) => identity[option] !== undefined);
    if (common.length > 0)
      throw optionError(
        `The option ${where} can't have ${common.join(", ")}`,
        `Node reads ${common.length === 1 ? "it" : "them"} before it knows the name, so one value applies to all names: write ${common.join(", ")} next to sni.`,
      );
    if (!hasPair(identity))
      throw optionError(
        `The option ${where} must have both key and cert, or pfx; got ${shapeOf(identity)}`,
        SNI_HINT,
      );
  }
}

function hasPair({ key, cert, pfx, privateKeyIdentifier }: Record<string, unknown>): boolean {
  return (
    pfx !== undefined || (cert !== undefined && (key !== undefined || privateKeyIdentifier !== undefined))
  );
}

/** Throws if an option is unknown to Node and its name is similar to a known one, which Node would ignore. */
function checkSpelling(options: Record<string, unknown>, what: string): void {
  for (const name of Object.keys(options)) {
    const meant = NAMES.includes(name) ? undefined : nearest(name, NAMES);
    if (meant !== undefined)
      throw optionError(
        `unknown option ${what}.${name}: did you mean ${meant}?`,
        "Correct the name of the option.",
      );
  }
}

/** A client sends a host name in ASCII, without a scheme, a port or a trailing dot: RFC 6066, section 3. */
function checkHostName(name: string, what: string): void {
  if (isIP(name) === 0 && /^[\w*-]+(?:\.[\w*-]+)*$/.test(name)) return;
  const better = hostNameIn(name);
  throw optionError(
    `Each key of ${what} must be a host name such as shop.example or *.shop.example; got ${JSON.stringify(name)}`,
    isIP(name) !== 0
      ? "A client that connects to an address sends no name, and gets the certificate of tls itself."
      : better === undefined
        ? SNI_HINT
        : `Write ${JSON.stringify(better)}.`,
  );
}

function hostNameIn(name: string): string | undefined {
  const [, host = ""] = /^(?:\w+:\/\/)?([^/:]*)/.exec(name) ?? [];
  const ascii = domainToASCII(host.replace(/\.$/, ""));
  return ascii === "" ? undefined : ascii;
}
