import { serve } from "srvx";
import { systemdListen } from "./srvx-plugin.mjs";

serve({ port: 3000, fetch: () => new Response("hello"), plugins: [systemdListen] });
