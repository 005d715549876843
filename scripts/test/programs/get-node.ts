// Gets the binary of a Node: its version and the folder of the cache are the arguments.
import process from "node:process";
import { nodeBinary } from "../../lib/node-binary.ts";

console.log(`binary: ${nodeBinary(...(process.argv.slice(2) as [string, string]))}`);
