import { X509Certificate } from "node:crypto";
import { installedSite } from "../install/install.ts";
import { servedCertificates } from "../proxy/certificate.ts";
import { listOf } from "../shared/properties.ts";
import { textOrEmpty } from "../shared/read-file.ts";
import type { KnownApp } from "./known-apps.ts";

/** How long the certificates of an app are not looked at again, in milliseconds, unless it starts. */
const FRESH = 3_600_000;

/** When the certificates of an app expire. */
export interface Expiries {
  /** When they were looked at, in milliseconds since 1970. */
  at: number;
  /** The runs of the app at that time. */
  runs: string;
  /** In seconds since 1970, by the host name, or by the path of the file. */
  expiries: Record<string, number>;
}

/** The expiries of each app, from earlier ones if the app has not started since, and they are recent. */
export async function certificatesOf(
  apps: readonly KnownApp[],
  earlier: Readonly<Record<string, Expiries>>,
  user: boolean,
  now = Date.now(),
): Promise<Record<string, Expiries>> {
  const read = async (app: KnownApp): Promise<[string, Expiries]> => {
    const { kind, name } = app.service;
    const known = Object.hasOwn(earlier, name) ? earlier[name] : undefined;
    const runs = kind === "accept" ? "" : app.units.map(({ InvocationID }) => InvocationID).join(" ");
    if (known?.runs === runs && known.at <= now && now - known.at < FRESH) return [name, known];
    return [name, { at: now, runs, expiries: { ...ofFiles(app), ...(await ofHosts(name, user)) } }];
  };
  return Object.fromEntries(await Promise.all(apps.map(read)));
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
      const value = inFile(path);
      return value === undefined ? [] : [[path, value]];
    }),
  );
}

/** The expiry of the first certificate in a file, which is that of the server. */
function inFile(path: string): number | undefined {
  const text = textOrEmpty(path);
  // A private key is not even parsed.
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  try {
    return pem === undefined ? undefined : expiry(new X509Certificate(pem));
  } catch {
    return undefined;
  }
}
