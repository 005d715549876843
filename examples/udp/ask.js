// Asks a DNS server for the address of a name: node ask.js SERVER NAME
import { Resolver } from "node:dns/promises";
import process from "node:process";

const [server, name] = process.argv.slice(2);
const resolver = new Resolver({ timeout: 10_000, tries: 1 });
resolver.setServers([server]);
const [address] = await resolver.resolve4(name);
console.log(`${name} is ${address}`);
