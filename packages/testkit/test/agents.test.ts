import { agentsContract } from "@sockact/testkit";

agentsContract();
