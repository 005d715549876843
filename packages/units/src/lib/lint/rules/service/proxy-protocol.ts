import { anybody, proxyEntries, proxyVariable } from "../../../node/proxy-protocol.ts";
import { shown } from "../../../problems.ts";
import { valuesOf } from "../../../parse/load.ts";
import { isLoopback } from "../../../systemd/ip-endpoints.ts";
import type { Found, Rule } from "../../findings/finding.ts";
import { descriptorName, passedNames } from "../../subjects/passed-names.ts";
import { endpointOf, type ServiceSubject, type SocketSubject } from "../../subjects/subjects.ts";

/** An address on which other machines can reach the socket. */
function openAddress({ unit, addresses }: SocketSubject): string | undefined {
  const isFiltered = ["IPAddressAllow", "IPAddressDeny"].some(
    (key) => valuesOf(unit, "Socket", key).length > 0,
  );
  const open = addresses.find((setting) => {
    const place = endpointOf(setting);
    return setting.key === "ListenStream" && place !== undefined && !isLoopback(place);
  });
  return isFiltered ? undefined : open?.value;
}

/** The fix for an entry that allows every client. */
const singleSenders = {
  fix: "the address of each load balancer instead of *, as in web:10.0.0.1,10.0.0.2",
  inDescription: {
    fix: "write the address of each load balancer, as in proxyProtocol: { from: ['10.0.0.1', '10.0.0.2'] }",
  },
};

export type ProxyProtocolCode = "proxy-protocol-open" | "proxy-protocol-name";

/** The variable that lists the clients with a PROXY header. */
export const proxyProtocolRules: Readonly<Record<ProxyProtocolCode, Rule<ServiceSubject>>> = {
  "proxy-protocol-open": {
    severity: "warning",
    why: "Everyone who can reach the port can send a PROXY header and claim any address. The addresses in your log, and limits for each address, are then worthless.",
    man: "@sockact/core",
    find: ({ environment, sockets }): Found[] => {
      const variable = environment.get(proxyVariable);
      const entries = proxyEntries(variable?.value ?? "") ?? [];
      return entries
        .filter(({ from }) => from === undefined)
        .flatMap(({ name }) => {
          const address = sockets
            .filter((socket) => descriptorName(socket) === name)
            .map(openAddress)
            .find((one) => one !== undefined);
          return address === undefined
            ? []
            : {
                at: variable!.setting,
                message: `${proxyVariable} has ${name}:${anybody}, and other machines can reach ListenStream=${address}`,
                ...singleSenders,
              };
        });
    },
  },
  "proxy-protocol-name": {
    severity: "error",
    why: "sockact does not find a socket of this name, and your app exits when it starts (SOCKACT_ERR_NAME_UNKNOWN).",
    man: "@sockact/core",
    find: (service) => {
      const variable = service.environment.get(proxyVariable);
      const names = passedNames(service);
      const unknown = proxyEntries(variable?.value ?? "")?.find(
        ({ name }) => names?.includes(name) === false,
      );
      return unknown === undefined
        ? []
        : [
            {
              at: variable!.setting,
              message: `no socket of the service has the name ${shown(unknown.name)}`,
              fix: `one of ${names!.join(", ")}; or FileDescriptorName=${unknown.name} in the socket`,
            },
          ];
    },
  },
};
