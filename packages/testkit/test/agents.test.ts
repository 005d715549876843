import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { agentsContract, agentsContractByPreload } from "@sockact/testkit";

// The agents are installed from npm.
describe("tracing agents", { tags: "campaign" }, () => {
  agentsContract();
  agentsContractByPreload(fileURLToPath(new URL("../../register/dist", import.meta.url)));
});
