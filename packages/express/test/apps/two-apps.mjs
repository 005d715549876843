// Two apps in one process. Each takes the sockets of its name.
import process from "node:process";
import { systemdListen } from "@sockact/express";

const { default: express } = await import(process.env.FRAMEWORK);

for (const name of ["public", "admin"]) {
  const app = express();
  systemdListen({ app, name });
  app.get("/", (_req, res) => res.json({ app: name }));
  app.listen(3000);
}
