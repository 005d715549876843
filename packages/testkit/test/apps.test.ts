import { npmAppsContract } from "@sockact/testkit";

npmAppsContract();
