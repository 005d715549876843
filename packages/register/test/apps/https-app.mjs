// The code that the apps with two ports share.
import { readFileSync } from "node:fs";

export { echoWebSockets } from "@sockact/testing/contract-app";

const { KEY, CERT } = process.env;

export const tls = { key: readFileSync(KEY), cert: readFileSync(CERT) };
