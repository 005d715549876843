import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createSecureContext, type SecureContextOptions, type TlsOptions as NodeTlsOptions } from "node:tls";
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
export interface TlsOptions extends TlsIdentity, Omit<NodeTlsOptions, keyof SecureContextOptions> {
  /** The identities for other host names (SNI), by host name. In `*.example.org`, the `*` stands for one label. */
  sni?: Readonly<Record<string, TlsIdentity>> | undefined;
}

const fileOptions = ["key", "cert", "ca", "crl", "pfx"] as const;

/**
 * Reads the files of these options.
 *
 * @throws ActivationError `ERR_TLS_FILE`, `ERR_TLS`
 */
export function readIdentity<T extends TlsIdentity>(options: T): T & SecureContextOptions {
  const read = { ...options };
  for (const name of fileOptions) {
    const material = options[name];
    if (material !== undefined) Object.assign(read, { [name]: readMaterial(material, name) });
  }
  try {
    createSecureContext(read as SecureContextOptions);
  } catch (cause) {
    throw new ActivationError(
      "ERR_TLS",
      `The key and the certificate can't be used: ${(cause as Error).message}`,
      "Both must be PEM, and belong together. These two commands must print the same: openssl x509 -noout -pubkey -in cert.pem, openssl pkey -pubout -in key.pem.",
      { cause },
    );
  }
  return read as T & SecureContextOptions;
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
