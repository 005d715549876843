import type { Diagnosis } from "../model/diagnosis.ts";
import { ofCrash } from "../model/consequences.ts";
import { addLines } from "../fixes/commands.ts";
import { failedCalls } from "../facts/failed-calls.ts";
import { networkCuts, type NetworkCut } from "../facts/network-cuts.ts";
import { serviceProperties } from "../facts/properties.ts";
import { quoted } from "../facts/service-run.ts";

/** The sandbox blocks outgoing connections. */
export const networkCut: Diagnosis = {
  code: "network-cut",
  severity: "error",
  title: "the sandbox blocks outgoing connections",
  why: "Clients reach the app, because systemd opens the sockets of the unit outside the sandbox. Connections that the app opens itself can't leave the sandbox.",
  looksAt:
    "Failed calls of `connect` and `getaddrinfo` in the output of the app, `PrivateNetwork` and `IPAddressDeny`.",
  remedy:
    'Write `hardening: "outbound"` into the description. Or write `PrivateNetwork=no` and `IPAddressAllow=` into the service.',
  explains: ofCrash,
  async find(subject) {
    const [calls, properties] = await Promise.all([subject.get(failedCalls), subject.get(serviceProperties)]);
    const cut = networkCuts(properties);
    if (cut.length === 0) return [];
    const failed = calls.filter(
      ({ code, call, target }) => isOutgoing(call) && !target.startsWith("/") && fits(code, cut),
    );
    const { host, service } = subject;
    const [first] = failed;
    if (first === undefined) return [];
    return [
      {
        unit: service,
        message: `The app can't connect to ${first.target || "another server"} (${first.code}): ${cut.map(({ line }) => line).join(" and ")} blocks its connections.`,
        evidence: [
          ...quoted(failed.slice(0, 3).map(({ line }) => line)),
          {
            text: cut.map(({ line }) => line).join("\n"),
            source: `${host.manager.systemctl} show ${service}`,
          },
        ],
        fix: "Allow outgoing connections. If sockact wrote the unit, use the profile outbound instead of inbound.",
        copy: addLines(host, service, ...cut.map(({ undo }) => undo)),
      },
    ];
  },
};

const isOutgoing = (call: string): boolean => /^(?:connect|send|getaddrinfo|query\w+)$/.test(call);

const fits = (code: string, cut: readonly NetworkCut[]): boolean => cut.some(({ codes }) => codes.test(code));
