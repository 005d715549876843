// Serves http and https, each on a port, as the guide of Express does. Express cannot answer HTTP/2.
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { echoWebSockets, tls } from "../https-app.mjs";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
app.get("/protocol", (req, res) => res.json({ secure: req.secure, httpVersion: req.httpVersion }));
echoWebSockets(createServer(app).listen(8080));
echoWebSockets(createSecureServer(tls, app).listen(8443));
