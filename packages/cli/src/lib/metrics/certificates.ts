import type { X509Certificate } from "node:crypto";
import { installedSite } from "../install/install.ts";
import { servedCertificates } from "../proxy/certificate.ts";
import { firstCertificateIn } from "../shared/x509.ts";
import { listOf } from "../shared/properties.ts";
import { textOrEmpty } from "../shared/read-file.ts";
import type { KnownApp } from "./known-apps.ts";

/** When certificates expire, in seconds since 1970: by the app, and by the host name or the path of the file. */
export type Expiries = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Looks at the certificates of each app. */
export async function certificatesOf(apps: readonly KnownApp[], user: boolean): Promise<Expiries> {
  const found = apps.map(async (app): Promise<[string, Record<string, number>]> => {
    const { name } = app.service;
    const own = Object.entries({ ...ofFiles(app), ...(await ofHosts(name, user)) });
    // The time in a certificate may be garbage.
    return [name, Object.fromEntries(own.filter(([, seconds]) => Number.isFinite(seconds)))];
  });
  return Object.fromEntries(await Promise.all(found));
}

const expiry = ({ validTo }: X509Certificate): number => Date.parse(validTo) / 1000;

/** What the machine's proxy serves for the host names of the app. */
async function ofHosts(name: string, user: boolean): Promise<Record<string, number>> {
  const site = user ? undefined : installedSite({ user, root: "/" }, name);
  const served = site === undefined ? [] : await servedCertificates(site);
  return Object.fromEntries(
    served.flatMap(({ host, certificate }) => (certificate ? [[host, expiry(certificate)]] : [])),
  );
}

/** The certificates in the files of LoadCredential=, if they can be read. */
function ofFiles({ units }: KnownApp): Record<string, number> {
  const files = units.flatMap(({ FragmentPath = "", DropInPaths = "" }) =>
    [FragmentPath, ...listOf(DropInPaths)].filter(Boolean),
  );
  const texts = [...new Set(files)].map(textOrEmpty);
  const paths = texts.flatMap((text) =>
    Array.from(text.matchAll(/^[ \t]*LoadCredential[ \t]*=[^:\n]*:(\/.*?)[ \t]*$/gm), ([, path]) => path!),
  );
  return Object.fromEntries(
    [...new Set(paths)].flatMap((path) => {
      const certificate = firstCertificateIn(path);
      return certificate === undefined ? [] : [[path, expiry(certificate)]];
    }),
  );
}
