import process from "node:process";
import { main } from "./lib/command-line/command-line.ts";

void main(process.argv.slice(2)).then((code) => process.exit(code));
