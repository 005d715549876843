// One app with two servers. systemdListen() is called once for each socket, or once for all sockets, and once in a router, where it has no effect.
import { createServer } from "node:http";
import { systemdListen } from "@sockact/express";
import { report } from "@sockact/testing/contract-app";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
for (const name of process.env.NAMES?.split(",") ?? [undefined]) app.use(systemdListen(name && { name }));
const router = express.Router();
router.use(systemdListen());
router.get("/", (req, res) => res.json({ server: req.socket.server.title }));
app.use("/", router);

for (const title of ["first", "second"]) {
  const server = Object.assign(createServer(app), { title });
  report(server, () => []);
  server.listen(0);
}
