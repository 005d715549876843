import { unmodifiedAppsContract } from "@sockact/testkit";

unmodifiedAppsContract();
