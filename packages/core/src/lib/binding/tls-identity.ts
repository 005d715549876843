import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TlsOptions as NodeTlsOptions,
} from "node:tls";
import { ActivationError } from "../shared/errors.ts";

/**
 * A key or a certificate: a PEM string, a buffer, or the path of a file. For a relative path, sockact first looks for a credential of that name
 * (`LoadCredential=` of systemd.exec(5), which needs no permission on the file), and then in the working directory.
 */
export type Material = string | Buffer | readonly (string | Buffer)[];

/** The identity of a server: the options of `tls.createSecureContext()`, whose keys and certificates may also be paths. */
export interface TlsIdentity extends Omit<SecureContextOptions, "key" | "cert" | "ca" | "crl" | "pfx"> {
  /** The private key. */
  key?: Material | undefined;
  /** The certificate, followed by its intermediate certificates. */
  cert?: Material | undefined;
  /** The certificate authorities that are trusted, for example with `requestCert`. By default, those that Node trusts. */
  ca?: Material | undefined;
  /** The lists of revoked certificates. */
  crl?: Material | undefined;
  /** The private key and the certificate in PKCS#12 form, instead of `key` and `cert`. */
  pfx?: Material | undefined;
}

/**
 * The options of `tls.createServer()`, whose keys and certificates may also be paths. Files are read again at a reload. A credential is the
 * copy that systemd made at the start, so a new one needs a restart. `ALPNProtocols` with `h2` offers HTTP/2.
 */
export interface TlsOptions
  extends TlsIdentity, Omit<NodeTlsOptions, keyof SecureContextOptions | "ALPNCallback"> {
  /**
   * The identities for other host names (SNI), by host name. In `*.example.org`, the `*` stands for one label. Each name has the settings above, such as `ca` and
   * `minVersion`, unless it has its own. Only the key and the certificate are never inherited, and a name with its own `ca` does not inherit `crl`.
   */
  sni?: Readonly<Record<string, TlsIdentity>> | undefined;
}

const fileOptions = ["key", "cert", "ca", "crl", "pfx"] as const;

/** The options of `tls` that say who the server is. A name of `sni` has its own. */
const ownOptions = ["key", "cert", "pfx", "passphrase", "privateKeyEngine", "privateKeyIdentifier"];

/**
 * The options of a name of `sni`, with what it inherits from `tls`. Without its `ca`, a name would accept the certificate of any client that Node trusts. If the name
 * has its own `ca`, the revocation lists of `tls` are those of other authorities.
 */
export function inherit(identity: TlsIdentity, tls: TlsIdentity): TlsIdentity {
  const set = Object.entries(identity).filter(([, value]) => value !== undefined);
  const inherited = Object.entries(tls).filter(
    ([name]) => !ownOptions.includes(name) && (name !== "crl" || identity.ca === undefined),
  );
  return Object.fromEntries([...inherited, ...set]);
}

/**
 * Reads the files of these options.
 *
 * @returns the options with what the files contain, and the context that Node makes of them
 * @throws ActivationError `ERR_TLS_FILE`, `ERR_TLS`
 */
export function readIdentity<T extends TlsIdentity>(
  options: T,
): { options: T & SecureContextOptions; context: SecureContext } {
  const read = { ...options } as T & SecureContextOptions;
  for (const name of fileOptions) {
    const material = options[name];
    if (material !== undefined) Object.assign(read, { [name]: readMaterial(material, name) });
  }
  try {
    return { options: read, context: createSecureContext(read) };
  } catch (cause) {
    throw new ActivationError(
      "ERR_TLS",
      `The key and the certificate can't be used: ${(cause as Error).message}`,
      "Both must be PEM, and belong together. These two commands must print the same: openssl x509 -noout -pubkey -in cert.pem, openssl pkey -pubout -in key.pem.",
      { cause },
    );
  }
}

function readMaterial(material: Material, name: string): Material {
  if (Array.isArray(material))
    return material.map((each) => readMaterial(each as Material, name) as string | Buffer);
  if (typeof material !== "string" || material.includes("-----BEGIN ")) return material;
  const credentials = process.env["CREDENTIALS_DIRECTORY"];
  let cause: unknown;
  for (const folder of credentials === undefined ? [""] : [credentials, ""]) {
    // An absolute path is never a credential.
    if (folder !== "" && material.startsWith("/")) continue;
    try {
      return readFileSync(join(folder, material));
    } catch (error) {
      cause = error;
      // If the credential exists but can't be read, this is the error to report.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") break;
    }
  }
  throw new ActivationError(
    "ERR_TLS_FILE",
    `The file for tls.${name} can't be read: ${(cause as Error).message}`,
    `Let systemd read it: LoadCredential=${name}.pem:/etc/…/${name}.pem in the service, and tls: { ${name}: "${name}.pem" } in the app.`,
    { cause },
  );
}
