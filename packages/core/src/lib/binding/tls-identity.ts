import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type * as tls from "node:tls";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { fileError, unusableError } from "./tls-problem.ts";

/**
 * The options of `tls.createServer()`. Each key or certificate may be a PEM string, a buffer, or the path of
 * a file. For a relative path, sockact first looks for a credential of that name (`LoadCredential=` of
 * systemd.exec(5), which needs no permission on the file), and then in the working directory. Files are read
 * again at a reload. A credential is the copy that systemd made at the start, so a new one needs a restart.
 * `ALPNProtocols` with `h2` offers HTTP/2.
 */
export interface TlsOptions extends Omit<
  tls.TlsOptions,
  "key" | "cert" | "ca" | "crl" | "pfx" | "ALPNCallback"
> {
  /** The private key. */
  key?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The certificate, followed by its intermediate certificates. */
  cert?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /**
   * The certificate authorities that are trusted, for example with `requestCert`. By default, those that Node
   * trusts.
   */
  ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The lists of revoked certificates. */
  crl?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The private key and the certificate in PKCS#12 form, instead of `key` and `cert`. */
  pfx?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /**
   * The keys and certificates for other host names (SNI), by host name. In `*.example.org`, the `*` stands
   * for one label. Each name inherits `ca` and `crl` unless it has its own. A name with its own `ca` does not
   * inherit `crl`. All other options, such as `minVersion` and `ciphers`, are the same for all names.
   */
  sni?:
    | Readonly<
        Record<
          string,
          Pick<
            TlsOptions,
            | ("key" | "cert" | "pfx" | "passphrase" | "privateKeyEngine" | "privateKeyIdentifier")
            | ("ca" | "crl" | "allowPartialTrustChain")
          >
        >
      >
    | undefined;
}

/** The options of `tls.createSecureContext()`, whose keys and certificates may also be paths. */
export type TlsIdentity = Pick<TlsOptions, keyof TlsOptions & keyof SecureContextOptions>;

/**
 * The identity for one host name. Node has read all other options when it learns the name that a client asks
 * for.
 */
type SniIdentity = NonNullable<TlsOptions["sni"]>[string];

const fileOptions = ["key", "cert", "ca", "crl", "pfx"] as const;

/** The options of `tls` that say who the server is. A name of `sni` has its own. */
const ownOptions = ["key", "cert", "pfx", "passphrase", "privateKeyEngine", "privateKeyIdentifier"];

/**
 * The options of a name of `sni`, with what it inherits from `tls`. Without its `ca`, a name would accept the
 * certificate of any client that Node trusts. If the name has its own `ca`, the revocation lists of `tls` are
 * those of other authorities.
 */
export function inherit(identity: SniIdentity, tls: TlsIdentity): TlsIdentity {
  const set = Object.entries(identity).filter(([, value]) => value !== undefined);
  const inherited = Object.entries(tls).filter(
    ([name]) => !ownOptions.includes(name) && (name !== "crl" || identity.ca === undefined),
  );
  return Object.fromEntries([...inherited, ...set]);
}

/** Where in the options an identity is. */
export interface Place {
  /** The name of the option, such as `sockets.https.tls` or `tls.sni["shop.example"]`. */
  where: string;
  /** Parts of a file name that no other identity has, such as the name of the socket and the host name. */
  owner: readonly string[];
}

/**
 * Reads the files of these options.
 *
 * @param place where the options are, for errors
 * @returns the options with what the files contain, and the context that Node makes of them
 * @throws ActivationError `SOCKACT_ERR_TLS_FILE`, `SOCKACT_ERR_TLS`
 */
export function readIdentity<T extends TlsIdentity>(
  options: T,
  place: Place,
): { options: T & SecureContextOptions; context: SecureContext } {
  const read = { ...options } as T & SecureContextOptions;
  const paths = new Map<string, (string | undefined)[]>();
  for (const name of fileOptions) {
    const material = options[name];
    if (material === undefined) continue;
    const parts = [material].flat().map((each) => readMaterial(each, { ...place, option: name }));
    paths.set(
      name,
      parts.map(({ path }) => path),
    );
    const contents = parts.map(({ content }) => content);
    Object.assign(read, { [name]: Array.isArray(material) ? contents : contents[0] });
  }
  try {
    return { options: read, context: createSecureContext(read) };
  } catch (cause) {
    throw unusableError(place.where, read, paths, cause);
  }
}

function readMaterial(
  material: string | Buffer,
  place: Place & { option: string },
): { content: string | Buffer; path?: string } {
  if (typeof material !== "string" || material.includes("-----BEGIN ")) return { content: material };
  const credentials = process.env["CREDENTIALS_DIRECTORY"];
  let cause: unknown;
  for (const folder of credentials === undefined ? [""] : [credentials, ""]) {
    // An absolute path is never a credential.
    if (folder !== "" && material.startsWith("/")) continue;
    const path = join(folder, material);
    try {
      return { content: readFileSync(path), path };
    } catch (error) {
      cause = error;
      // If the credential exists but can't be read, this is the error to report.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") break;
    }
  }
  throw fileError(place, material, cause as NodeJS.ErrnoException);
}
