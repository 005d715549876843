import * as runner from "vitest";
import { testAdapter } from "../contracts.js";

testAdapter(runner);
