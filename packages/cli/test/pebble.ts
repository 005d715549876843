import { readFileSync } from "node:fs";
import { certificateOf, type PrivateSystemd } from "@sockact/testkit";

/** The certificate of Pebble's own port, inside. */
export const certificateOfPebble = "/run/pebble/cert.pem";

/** Its address. */
export const directoryOfPebble = "https://localhost:14000/dir";

/**
 * Starts Pebble, the ACME server for tests, in the place of Let's Encrypt. It asks for the challenges of these
 * hosts at ports 80 and 443. certbot and all clients inside trust it.
 *
 * @param validity how long its certificates are valid, in seconds
 */
export async function startPebble(
  systemd: PrivateSystemd,
  hosts: readonly string[],
  validity = 90 * 24 * 3600,
): Promise<void> {
  const { key, cert } = certificateOf("localhost");
  const config = {
    listenAddress: "127.0.0.1:14000",
    managementListenAddress: "127.0.0.1:15000",
    certificate: certificateOfPebble,
    privateKey: "/run/pebble/key.pem",
    httpPort: 80,
    tlsPort: 443,
    certificateValidityPeriod: validity,
  };
  await systemd.write("/run/pebble/key.pem", readFileSync(key, "utf8"));
  await systemd.write(certificateOfPebble, readFileSync(cert, "utf8"));
  await systemd.write("/run/pebble/config.json", JSON.stringify({ pebble: config }));
  await systemd.installUnits({
    "pebble.service": `[Service]
ExecStart=pebble -config /run/pebble/config.json -strict
# Without its pauses, and without the errors that it invents.
Environment=PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0
ExecStartPost=curl --silent --retry 50 --retry-connrefused --retry-delay 1 --insecure --output /run/pebble/root.pem https://127.0.0.1:15000/roots/0
`,
  });
  await systemd.start("pebble.service");
  const settings = `server = ${directoryOfPebble}\nemail = admin@example.org\nagree-tos = true\nno-eff-email = true\n`;
  await systemd.write("/etc/letsencrypt/cli.ini", settings);
  const trust = `cat ${certificateOfPebble} /run/pebble/root.pem >>/etc/ssl/certs/ca-certificates.crt
    echo 127.0.0.1 ${hosts.join(" ")} >>/etc/hosts`;
  await systemd.mustRun(["sh", "-ec", trust]);
}
