import { X509Certificate } from "node:crypto";
import { textOrEmpty } from "./read-file.ts";

const DAY = 86_400_000;

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

/** Whether a certificate has expired, or should have been renewed already. */
export function validityOf(certificate: X509Certificate, now: number): "valid" | "expires" | "expired" {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  // Both Caddy and certbot renew when a third of the time is left, at the latest. A certificate may be valid
  // for six days only, and one of Caddy's own authority for twelve hours.
  const soon = Math.min(14 * DAY, (until - from) / 4);
  if (until <= now) return "expired";
  return until - now < soon ? "expires" : "valid";
}

/** When a certificate expires, as in ISO 8601. */
export const untilOf = ({ validTo }: X509Certificate): string => new Date(validTo).toISOString();
