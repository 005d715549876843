import { X509Certificate } from "node:crypto";
import { textOrEmpty } from "./read-file.ts";

/** The first certificate in a file, which is that of the server. Undefined if there is none that can be read. */
export function firstCertificateIn(path: string): X509Certificate | undefined {
  const text = textOrEmpty(path);
  // A private key is not even parsed.
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
