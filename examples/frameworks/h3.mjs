import { H3, serve } from "h3";
import { systemdListen } from "./srvx-plugin.mjs";

const app = new H3().get("/", () => "hello");
serve(app, { port: 3000, plugins: [systemdListen] });
