import * as runner from "node:test";
import { testAdapter } from "../contracts.js";

testAdapter(runner);
