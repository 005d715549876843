import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type * as tls from "node:tls";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { fileError, unusableError } from "./tls-problem.ts";

/**
 * The options of `tls.createServer()`. Each key or certificate is a PEM string, a buffer, or a file path.
 * sockact looks for a relative path among the credentials (`LoadCredential=` of systemd.exec(5), which needs
 * no file permission) and then in the working directory. A reload reads files again. systemd copies a
 * credential at the start, so a new one needs a restart. `ALPNProtocols` with `h2` enables HTTP/2.
 */
export interface TlsOptions extends Omit<
  tls.TlsOptions,
  "key" | "cert" | "ca" | "crl" | "pfx" | "ALPNCallback"
> {
  /** The private key. */
  key?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The certificate, followed by its intermediate certificates. */
  cert?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The trusted certificate authorities, for example with `requestCert`. The default is Node's list. */
  ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The certificate revocation lists. */
  crl?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** The private key and certificate in PKCS#12 format, instead of `key` and `cert`. */
  pfx?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /**
   * The keys and certificates of other host names (SNI), by host name. In `*.example.org`, the `*` stands for
   * one label. Each name inherits `ca` and `crl` unless it sets them. A name with its own `ca` does not
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

/** The options of `tls.createSecureContext()`, in which keys and certificates may also be paths. */
export type TlsIdentity = Pick<TlsOptions, keyof TlsOptions & keyof SecureContextOptions>;

/**
 * The identity of one host name. Node reads all other options before it knows which name the client requests.
 */
type SniIdentity = NonNullable<TlsOptions["sni"]>[string];

const fileOptions = ["key", "cert", "ca", "crl", "pfx"] as const;

/** The options of `tls` that identify the server. Each name in `sni` has its own. */
const ownOptions = ["key", "cert", "pfx", "passphrase", "privateKeyEngine", "privateKeyIdentifier"];

/**
 * The options of a name in `sni`, with what it inherits from `tls`. Without the inherited `ca`, a name would
 * accept client certificates of every authority that Node trusts. If the name has its own `ca`, the `crl` of
 * `tls` belongs to other authorities.
 */
export function inherit(identity: SniIdentity, tls: TlsIdentity): TlsIdentity {
  const set = Object.entries(identity).filter(([, value]) => value !== undefined);
  const inherited = Object.entries(tls).filter(
    ([name]) => !ownOptions.includes(name) && (name !== "crl" || identity.ca === undefined),
  );
  return Object.fromEntries([...inherited, ...set]);
}

/** The place of an identity in the options. */
export interface Place {
  /** The name of the option, such as `sockets.https.tls` or `tls.sni["shop.example"]`. */
  where: string;
  /** Parts of a unique file name, such as the socket name and the host name. */
  owner: readonly string[];
}

/**
 * Reads the files of these options.
 *
 * @param place the place in the options, for errors
 * @returns the options with the contents of the files, and the context that Node creates from them
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
      // The credential exists but can't be read: report this error.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") break;
    }
  }
  throw fileError(place, material, cause as NodeJS.ErrnoException);
}
