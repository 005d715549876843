import { fileURLToPath } from "node:url";
import { agentsContract, agentsContractByPreload } from "@sockact/testkit";

agentsContract();
agentsContractByPreload(fileURLToPath(new URL("../../register/dist", import.meta.url)));
