// The mistakes of new users. `node mistakes.mjs NAME` makes one of them.
import { createServer } from "node:http";
import process from "node:process";
import { systemdListen } from "@sockact/express";

const { default: express } = await import(process.env.FRAMEWORK ?? "express");
const app = express();

const mistakes = {
  "listen() twice"() {
    app.use(systemdListen());
    app.listen(0, () => console.log("first: listening"));
    app.listen(0, () => console.log("second: listening"));
  },
  "systemdListen() after listen()"() {
    const server = app.listen(0, () => {
      app.use(systemdListen());
      console.log(`port ${server.address().port}`);
    });
  },
  "an app in a function"() {
    app.use(systemdListen());
    const server = createServer((request, response) => app(request, response)).listen(0, () =>
      console.log(`port ${server.address().port}`),
    );
  },
  "a ready that rejects"() {
    app.use(systemdListen({ onListen: () => Promise.reject(new Error("no database")) }));
    app.listen(0, () => console.log("listens"));
  },
  "no systemdListen()"() {
    app.listen(0);
  },
  "a router"() {
    const router = express.Router();
    router.use(systemdListen());
    app.use("/", router).listen(0);
  },
  "another server first"() {
    app.use(systemdListen());
    createServer((_request, response) => response.end("metrics")).listen(0, () => app.listen(0));
  },
};

mistakes[process.argv[2]]();
