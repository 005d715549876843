import { expect, test } from "vitest";
import type { ActivatedService } from "../systemd/activated-units.ts";
import { appSamples } from "./app-samples.ts";
import type { CurrentApp } from "./known-apps.ts";
import { distinct } from "./known-units.ts";

test("a TCP and a UDP socket on one port have one sample", () => {
  const address = "[::]:53";
  const addresses = [
    { address, type: "stream", listens: true, clients: { open: 0, waiting: 2 } },
    { address, type: "datagram", listens: false, clients: null },
  ];
  const current = {
    service: { name: "dns", service: "dns.service", kind: "single" },
    socketStatuses: [{ unit: "dns.socket", addresses, backlog: null }],
    state: "asleep",
  } as unknown as CurrentApp;
  const samples = appSamples(current, undefined).filter(({ labels }) => labels["address"] === address);
  expect(samples.map(({ metric, value }) => [metric, value])).toEqual([
    ["sockact_socket_listening", 0],
    ["sockact_accept_queue_length", 2],
  ]);
});

test("shop@.service is another app than shop.service", () => {
  const named = (name: string, kind: string) => ({ name, kind }) as ActivatedService;
  const services = [named("blog", "rolling"), named("shop", "rolling"), named("shop", "single")];
  expect(distinct(services).map(({ name }) => name)).toEqual(["blog", "shop@", "shop"]);
});
