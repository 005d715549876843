// Gets the Debian bookworm, into the folder that is the first argument. With --fresh, it gets it again. Then it uses it until it is killed.
import process from "node:process";
import { Debian } from "../../lib/debian.ts";

const [cache = "", option] = process.argv.slice(2);
const debian = await Debian.ofSuite("bookworm", { cache, fresh: option === "--fresh" });
console.log(`name: ${debian.name}`);
process.stdin.resume();
