import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { basename } from "node:path";
import process from "node:process";
import type { SecureContextOptions } from "node:tls";
import { ActivationError } from "../shared/errors.ts";

/** The file of an option, or undefined if the option contains the value. */
export type Paths = ReadonlyMap<string, readonly (string | undefined)[]>;

/**
 * The error for TLS options that Node rejects. Node's message names neither the option nor the file, so this
 * finds the wrong part.
 *
 * @param where the name of these options, such as `tls.sni["shop.example"]`
 * @param cause Node's error
 */
export function unusableError(
  where: string,
  options: SecureContextOptions,
  paths: Paths,
  cause: unknown,
): ActivationError {
  const { message, hint } = problemOf(where, options, paths, cause as Error);
  return new ActivationError("SOCKACT_ERR_TLS", message, hint, { cause });
}

interface Problem {
  message: string;
  hint: string;
}

function problemOf(where: string, options: SecureContextOptions, paths: Paths, cause: Error): Problem {
  const named = (option: string, index = 0): string => {
    const path = paths.get(option)?.[index];
    return `${where}.${option}${path === undefined ? "" : ` (${path})`}`;
  };
  let key: KeyObject | undefined;
  for (const [index, each] of materialsOf(options.key).entries()) {
    try {
      const { passphrase } = options;
      const read = createPrivateKey({ key: each, ...(passphrase !== undefined && { passphrase }) });
      key ??= read;
    } catch (error) {
      return {
        message: `${named("key", index)} is not a private key that can be used: ${(error as Error).message}`,
        hint: String(each).includes("ENCRYPTED")
          ? "Set passphrase to that of the key, or decrypt the file: openssl pkey -in KEY -out NEW."
          : `Write a private key in PEM. ${beginningOf(each)}`,
      };
    }
  }
  let certificate: X509Certificate | undefined;
  for (const [index, each] of materialsOf(options.cert).entries()) {
    try {
      const read = new X509Certificate(each);
      certificate ??= read;
    } catch (error) {
      return {
        message: `${named("cert", index)} is not a certificate: ${(error as Error).message}`,
        hint: `Write a certificate in PEM, followed by its intermediate certificates. ${beginningOf(each)}`,
      };
    }
  }
  if (key && certificate && !certificate.checkPrivateKey(key))
    return {
      message: `${named("key")} and ${named("cert")} do not belong together: the certificate was made for another key`,
      hint: `Write the key and the certificate of one pair. These two commands must print the same: openssl x509 -noout -pubkey -in ${pathOr("cert", paths)}, openssl pkey -pubout -in ${pathOr("key", paths)}.`,
    };
  const used = ["key", "cert", "ca", "crl", "pfx"].filter((option) => options[option as "key"] !== undefined);
  return {
    message: `${used.length > 0 ? used.map((option) => named(option)).join(", ") : where} can't be used: ${cause.message}`,
    hint:
      options.pfx === undefined
        ? "Check the other certificates in these files, and the other options, such as ciphers and minVersion."
        : "The file must be PKCS#12, and passphrase must be that of the file.",
  };
}

function pathOr(option: string, paths: Paths): string {
  return paths.get(option)?.[0] ?? `${option}.pem`;
}

/**
 * Describes how a key or certificate begins, which often shows the mistake. For a key, only the header line
 * is shown.
 */
function beginningOf(material: string | Buffer): string {
  const first = /-----BEGIN [A-Z0-9 ]{1,40}-----/.exec(String(material))?.[0];
  return first === undefined ? "It has no line that begins with -----BEGIN." : `It begins with ${first}.`;
}

function materialsOf(option: unknown): (string | Buffer)[] {
  return [option]
    .flat()
    .filter((each): each is string | Buffer => typeof each === "string" || Buffer.isBuffer(each));
}

/**
 * The error for an unreadable file.
 *
 * @param where the name of the options, such as `tls.sni["shop.example"]`
 * @param owner parts of a file name that only these options have
 * @param cause Node's error
 */
export function fileError(
  { where, owner, option }: { where: string; owner: readonly string[]; option: string },
  path: string,
  cause: NodeJS.ErrnoException,
): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_TLS_FILE",
    `The file for ${where}.${option} can't be read: ${cause.message}`,
    hintFor({ where, owner, option }, path, cause.code),
    { cause },
  );
}

function hintFor(
  { where, owner, option }: { where: string; owner: readonly string[]; option: string },
  path: string,
  code: string | undefined,
): string {
  if (code === "EACCES" || code === "EPERM") {
    const name = [...owner, `${option}.pem`].join("-");
    return (
      `Let the user of the service read ${path} and its folders, for example with a group. Or let systemd read it: LoadCredential=${name}:${path} in the service, ` +
      `and "${name}" as ${where}.${option}. A credential is read at the start, so a renewed file then needs a restart instead of a reload.`
    );
  }
  if (code === "ENOENT" && !path.startsWith("/"))
    return `Correct the path. sockact looks for ${path} among the credentials of the service (LoadCredential=), and then in the working directory, ${process.cwd()}.`;
  if (code === "ENOENT")
    return `Correct the path, or create the file. ${basename(path)} must exist before the start.`;
  return "Name a file with PEM.";
}
