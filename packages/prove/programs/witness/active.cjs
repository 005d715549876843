"use strict";
// What keeps the event loop alive, and where it was made.
const { createHook } = require("node:async_hooks");
const { readdirSync, readlinkSync } = require("node:fs");
const { trace, placesOf } = require("./record.cjs");
const { opened } = require("./files.cjs");
const { connects, listens } = require("./network.cjs");
const { quietly } = require("./wrap.cjs");
const state = require("./state.cjs");

const KINDS = {
  Timeout: "timer",
  TCPSERVERWRAP: "server",
  PIPESERVERWRAP: "server",
  TCPWRAP: "socket",
  PIPEWRAP: "pipe",
  UDPWRAP: "datagram",
  PROCESSWRAP: "process",
  FSEVENTWRAP: "watcher",
  STATWATCHER: "watcher",
  WORKER: "worker",
  MESSAGEPORT: "port",
  FILEHANDLE: "file",
};

/** Everything that is not closed yet, by its asynchronous ID. */
const resources = new Map();

function install() {
  createHook({
    init(id, type, _, resource) {
      const kind = KINDS[type];
      if (kind === undefined || state.isOwn) return;
      resources.set(id, { kind, type, reference: new WeakRef(resource), stack: trace(), since: Date.now() });
    },
    destroy(id) {
      resources.delete(id);
    },
    trackPromises: false,
  }).enable();
}

/** The object of Node that a handle belongs to, such as a Socket. */
function ownerOf(resource) {
  const symbol = Object.getOwnPropertySymbols(resource).find(
    ({ description }) => description === "owner_symbol",
  );
  return (symbol === undefined ? undefined : resource[symbol]) ?? resource.owner;
}

/** Where it was made. A server that looks its address up, and a socket, get their handle later. */
function madeAt({ kind, stack }, resource) {
  const places = placesOf(stack);
  if (places.length > 0 || (kind !== "server" && kind !== "socket" && kind !== "pipe")) return places;
  const owner = quietly(() => ownerOf(resource));
  const earlier = listens.get(owner) ?? connects.get(owner);
  return earlier === undefined ? places : placesOf(earlier);
}

function describe({ kind, type }, resource) {
  if (kind === "timer") return { delay: resource._idleTimeout, repeats: resource._repeat !== null };
  const owner = quietly(() => ownerOf(resource));
  if (owner === undefined || owner === null) return {};
  if (kind === "server") return { address: addressText(owner.address?.()) };
  if (kind === "process") return { pid: owner.pid, command: owner.spawnfile };
  if (kind === "socket" || (kind === "pipe" && type === "PIPEWRAP")) {
    const isAccepted = Boolean(owner.server ?? owner._server);
    const peer = owner.remoteAddress === undefined ? undefined : `${owner.remoteAddress}:${owner.remotePort}`;
    return {
      ...(isAccepted && { kind: "connection" }),
      peer: peer ?? owner._host ?? undefined,
      isConnecting: owner.connecting || undefined,
    };
  }
  return {};
}

function addressText(address) {
  if (address === null || address === undefined || typeof address === "string") return address ?? undefined;
  return `${address.address}:${address.port}`;
}

/** Whether the event loop waits for it. */
function isReferenced({ kind }, resource) {
  if (kind === "timer" && (resource._destroyed || resource._idleTimeout < 0)) return false;
  // The standard streams.
  if (resource.fd >= 0 && resource.fd <= 2) return false;
  return resource.hasRef?.() ?? false;
}

/** How many connections of clients are open. */
function connections() {
  let count = 0;
  for (const { kind, reference } of resources.values()) {
    if (kind !== "socket" && kind !== "pipe") continue;
    const owner = quietly(() => ownerOf(reference.deref()));
    if (Boolean(owner?.server ?? owner?._server) && !owner.destroyed) count++;
  }
  return count;
}

/** What keeps the event loop alive: one entry for each kind and place. */
function active() {
  return grouped(
    [...resources.values()].flatMap((entry) => {
      const resource = entry.reference.deref();
      if (resource === undefined || quietly(() => isReferenced(entry, resource)) !== true) return [];
      return [
        { kind: entry.kind, ...quietly(() => describe(entry, resource)), places: madeAt(entry, resource) },
      ];
    }),
  );
}

function grouped(items) {
  const groups = new Map();
  for (const item of items) {
    const [place] = item.places;
    const key = `${item.kind} ${item.delay ?? ""} ${place ? `${place.file}:${place.line}:${place.column}` : ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...item, count: 1 });
    else group.count++;
  }
  return [...groups.values()].sort((a, b) => b.count - a.count).slice(0, 50);
}

/** The open descriptors: one entry for each kind and place. */
function descriptors() {
  const handles = new Map();
  for (const entry of resources.values()) {
    const resource = entry.reference.deref();
    const fd = quietly(() => resource?.fd);
    if (Number.isInteger(fd) && fd >= 0) handles.set(fd, { entry, resource });
  }
  const items = readdirSync("/proc/self/fd").flatMap((name) => {
    const target = quietly(() => readlinkSync(`/proc/self/fd/${name}`));
    if (target === undefined) return [];
    return [describeDescriptor(Number(name), target, handles.get(Number(name)))];
  });
  return { total: items.length, groups: grouped(items) };
}

function describeDescriptor(fd, target, handle) {
  const file = target.startsWith("/") ? opened.get(fd) : undefined;
  if (file !== undefined) return { kind: "file", target, places: placesOf(file.stack) };
  if (handle !== undefined)
    return {
      kind: handle.entry.kind,
      target,
      ...quietly(() => describe(handle.entry, handle.resource)),
      places: madeAt(handle.entry, handle.resource),
    };
  return { kind: target.startsWith("/") ? "file" : target.replace(/:.*/, ""), target, places: [] };
}

module.exports = { install, active, connections, descriptors };
