import { isIPv6 } from "node:net";
import { agoText } from "../../output/quantities.ts";
import type { HostCertificate, ServedCertificate } from "../../proxy/certificate.ts";
import type { Proxy } from "../../proxy/proxy.ts";
import { firstCertificateIn, untilOf, validityOf } from "../../shared/x509.ts";
import { credentialFiles } from "../facts/files.ts";
import { certificates, isPublic, ownAddresses, records, site, siteText } from "../facts/hosts.ts";
import type { Diagnosis, Evidence, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** The certificates of a service, and the DNS records of its host names. */
export const namesOfHosts: readonly Diagnosis[] = [
  {
    code: "certificate-expired",
    severity: "error",
    title: "a certificate has expired",
    why: "Browsers show an error instead of the site.",
    looksAt:
      "The certificate that the proxy of this machine serves for each host name, by a TLS handshake, and the first one in each file of `LoadCredential=`.",
    remedy: "Renew the certificate, and reload the proxy or the app. Then find out why it was not renewed.",
    find: async (subject) => [
      ...(await found(subject, "expired", ({ host, until }) => ({
        message: `The certificate of ${host} expired ${agoText(new Date(until!))} ago.`,
        ...renewal,
      }))),
      ...(await foundInFiles(subject, "expired", (until) => `expired ${agoText(until)} ago`)),
    ],
  },
  {
    code: "certificate-expires",
    severity: "warning",
    title: "a certificate expires soon",
    why: "Caddy and certbot renew a certificate when a third of its time is left, at the latest. This one should have been renewed already, and browsers show an error when it has expired.",
    looksAt:
      "The certificate that the proxy of this machine serves for each host name, by a TLS handshake, and the first one in each file of `LoadCredential=`. It is a finding in the last 14 days, or in the last quarter of a certificate for less than 56 days.",
    remedy: "Find out why it was not renewed: the journal of Caddy, or `certbot renew --dry-run`.",
    find: async (subject) => [
      ...(await found(subject, "expires", ({ host, until }) => ({
        message: `The certificate of ${host} expires in ${agoText(new Date(), new Date(until!))}.`,
        ...renewal,
      }))),
      ...(await foundInFiles(subject, "expires", (until) => `expires in ${agoText(new Date(), until)}`)),
    ],
  },
  {
    code: "certificate-other-host",
    severity: "error",
    title: "the certificate is not for the host name",
    why: "Browsers show an error instead of the site, because the certificate does not name it.",
    looksAt: "The names in the certificate that the proxy serves for each host name, by a TLS handshake.",
    remedy: "Get a certificate for the host name, and install the service again.",
    find: (subject) =>
      found(subject, "other-host", ({ host, certificate }) => ({
        message: `The proxy serves a certificate for ${host} that does not name it.`,
        evidence: [{ text: certificate?.subjectAltName ?? "no names", source: `TLS handshake with ${host}` }],
        fixOf: {
          caddy: "Look for a line tls in the site, which chooses another certificate.",
          nginx: "Get a certificate for this name, and install the service again.",
        },
      })),
  },
  {
    code: "certificate-missing",
    severity: "error",
    title: "the proxy has no certificate for the host name",
    why: "A browser can't connect. Caddy gets a certificate by itself, which needs DNS records that lead to this machine, and ports 80 and 443 open for all. It tries again later.",
    looksAt: "A TLS handshake with the proxy on this machine for each host name.",
    remedy: "Read the journal of Caddy: it says why it got no certificate.",
    find: (subject) =>
      found(subject, "missing", ({ host, why }) => ({
        message: `The proxy has no certificate for ${host}: it ends the TLS handshake.`,
        evidence: [{ text: why ?? "", source: `TLS handshake with ${host}` }],
        fixOf: {
          caddy: "Find out why Caddy got none. Often, a DNS record or a firewall is the reason.",
          nginx: "Get a certificate, and install the service again.",
        },
      })),
  },
  {
    code: "dns-missing",
    severity: "warning",
    title: "the DNS does not know a host name",
    why: "Nobody can find the site by its name, and Caddy and certbot get no certificate for it.",
    looksAt:
      "The A and AAAA records of each host name, as the name servers of this machine have them. The doctor waits for 2 s at most.",
    remedy: "Add an A record with the address of this machine at your DNS provider.",
    async find(subject) {
      const [all, placed] = await subject.all(records, site);
      const own = await subject.host.get(ownAddresses);
      for (const { host, error } of all)
        if (error !== undefined)
          subject.host.cannotSee(`The DNS records of ${host} can't be read: ${error}`, `dig ${host}`);
      const missing = all.filter(({ addresses, error }) => addresses.length === 0 && error === undefined);
      const address = own.find((each) => isPublic(each) && !isIPv6(each));
      return missing.map(({ host }) => ({
        unit: placed!.proxy.unit,
        message: `The DNS has no address for ${host}.`,
        evidence: [{ text: "no A and no AAAA record", source: `DNS records of ${host}` }],
        fix: `Add a record at your DNS provider. A new record may take some minutes. If only your own network uses this name, and this machine does not ask the name server of that network, ignore this.`,
        copy: [`${host}. A ${address ?? "ADDRESS"}`],
      }));
    },
  },
  {
    code: "dns-elsewhere",
    severity: "warning",
    title: "the DNS leads to an address that this machine does not have",
    why: "Visitors connect to the address in the DNS. It is right if a CDN, a load balancer or a router there passes them on to this machine.",
    looksAt:
      "The A and AAAA records of each host name, and the addresses of this machine. It is only a note if the machine has no public address, as behind a router or in most clouds.",
    remedy: "Correct the record at your DNS provider, or remove an AAAA record that is out of date.",
    async find(subject) {
      const [all, placed] = await subject.all(records, site);
      const own = await subject.host.get(ownAddresses);
      return all.flatMap(({ host, addresses }) =>
        [false, true].flatMap((isSix): Found[] => {
          const targets = addresses.filter((address) => isIPv6(address) === isSix);
          if (targets.length === 0 || targets.some((address) => own.includes(canonical(address)))) return [];
          const mine = own.filter((address) => isIPv6(address) === isSix);
          const reachable = mine.filter(isPublic);
          const isBehind = reachable.length === 0 && targets.some(isPublic);
          return [
            {
              unit: placed!.proxy.unit,
              ...elsewhere(host, targets, isSix, isBehind ? [] : mine),
            },
          ];
        }),
      );
    },
  },
];

/** What to do about a certificate that was not renewed. */
const renewal = {
  fixOf: {
    caddy: "Caddy renews it by itself. Its journal says why it could not.",
    nginx: "Renew it, and see whether certbot's timer runs.",
  },
} as const;

const copyOf: Record<Proxy["name"], (host: string) => string[]> = {
  caddy: (host) => [`journalctl --unit caddy --since -2d --grep ${host}`],
  nginx: (host) => [
    "certbot renew",
    "systemctl reload nginx",
    "systemctl list-timers certbot.timer",
    `# if there is none yet: certbot certonly --nginx -d ${host}`,
  ],
};

type Fault = {
  message: string;
  evidence?: readonly Evidence[];
  fixOf: Readonly<Record<Proxy["name"], string>>;
};

/** The host names whose certificate is in this state. */
async function found(
  subject: Subject,
  state: HostCertificate["state"],
  describe: (certificate: ServedCertificate) => Fault,
): Promise<Found[]> {
  const [all, placed, text] = await subject.all(certificates, site, siteText);
  if (placed === undefined) return [];
  const { proxy } = placed;
  for (const { host, state: is, why } of all)
    if (is === "unknown")
      subject.host.cannotSee(
        `The certificate of ${host}: ${why}`,
        `openssl s_client -connect localhost:443 -servername ${host}`,
      );
  return all
    .filter((each) => each.state === state)
    .map((each) => {
      const { evidence, fixOf, message } = describe(each);
      const about = {
        unit: proxy.unit,
        message,
        evidence: evidence ?? [
          { text: `${each.issuer}, valid until ${each.until}`, source: `TLS handshake with ${each.host}` },
        ],
      };
      const file = newerFile(text ?? "", each);
      return file === undefined
        ? { ...about, fix: fixOf[proxy.name], copy: copyOf[proxy.name](each.host) }
        : {
            ...about,
            message: `${message} ${file} has a newer one, which ${proxy.name} has not read.`,
            fix: `Reload ${proxy.name}. Tell certbot to do that after each renewal.`,
            copy: [
              `systemctl reload ${proxy.unit}`,
              `certbot reconfigure --cert-name ${each.host} --deploy-hook "systemctl reload ${proxy.unit}"`,
            ],
          };
    });
}

/** The certificates in files of the service that are in this state. */
async function foundInFiles(
  subject: Subject,
  state: "expired" | "expires",
  when: (until: Date) => string,
): Promise<Found[]> {
  const files = await subject.get(credentialFiles);
  return [...new Set(files)].flatMap((path): Found[] => {
    const certificate = firstCertificateIn(path);
    if (certificate === undefined || validityOf(certificate, Date.now()) !== state) return [];
    return [
      {
        unit: subject.service,
        message: `The certificate in ${path} ${when(new Date(certificate.validTo))}.`,
        evidence: [{ text: `valid until ${untilOf(certificate)}`, source: path }],
        fix: "Find out why it was not renewed: certbot says so. After a renewal, restart the app, or reload it if it then reads the file.",
        copy: ["certbot renew", subject.command("restart")],
      },
    ];
  });
}

/** The file with a certificate for the host name that is valid longer than what the proxy serves. */
function newerFile(text: string, { host, until }: ServedCertificate): string | undefined {
  const files = Array.from(text.matchAll(/\bssl_certificate\s+(\S+);/g), ([, file]) => file!);
  return files.find((file) => {
    // Without root, the folder of certbot can't be read.
    const certificate = firstCertificateIn(file);
    return (
      certificate?.checkHost(host) !== undefined &&
      Date.parse(certificate.validTo) > Math.max(Date.now(), Date.parse(until ?? ""))
    );
  });
}

/** As os.networkInterfaces() writes an IPv6 address. */
const canonical = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

/** `mine`: the addresses of this machine that the record could have; none if a router has the public one. */
function elsewhere(
  host: string,
  targets: readonly string[],
  isSix: boolean,
  mine: readonly string[],
): Omit<Found, "unit"> {
  const record = isSix ? "AAAA" : "A";
  const list = targets.join(" and ");
  const evidence = [{ text: `${record} ${targets.join(", ")}`, source: `DNS records of ${host}` }];
  const copy = ["ip -brief address show scope global"];
  if (mine.length === 0)
    return {
      severity: "info",
      message: `${host} leads to ${list}. This machine has no public ${isSix ? "IPv6" : "IPv4"} address, so sockact can't know whether that is right.`,
      evidence,
      fix: isSix
        ? "If nothing at this address passes visitors on to this machine, remove the AAAA record."
        : "The address has to be that of your router or your cloud provider, which passes ports 80 and 443 on to this machine.",
      copy,
    };
  return {
    message: `${host} leads to ${list}, which is not an address of this machine.`,
    evidence,
    fix: `If a CDN or a load balancer has this address, nothing is wrong. Otherwise correct the ${record} record${isSix ? ", or remove it" : ""}.`,
    copy,
  };
}
