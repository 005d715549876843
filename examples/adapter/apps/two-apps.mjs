// Two apps in one process, each with the sockets of its name.
import polka from "polka";
import { systemdListen } from "example-adapter";

for (const name of ["public", "admin"]) {
  systemdListen(polka(), { name })
    .get("/", (_req, res) => res.end(JSON.stringify({ app: name })))
    .listen(3000);
}
