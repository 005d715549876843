import process from "node:process";
import { systemdListen } from "@sockact/express";
import express from "express";
import pg from "pg";

// The folder of PostgreSQL's unix socket. PostgreSQL identifies the app by its user, so the app needs no password.
const database = new pg.Pool({
  host: process.env.PGHOST ?? "/run/postgresql",
  database: "example",
  connectionTimeoutMillis: 2000,
});
// When the database restarts, it closes the connections of the pool. The next query opens a new one.
database.on("error", (error) => console.error(`Lost a connection to the database: ${error.message}`));

const app = express();
app.use(
  systemdListen({
    onListen: () => database.query("SELECT 1"),
    onStop: () => database.end(),
  }),
);

app.get("/", async (_request, response) => {
  const { rows } = await database.query(
    "INSERT INTO visits DEFAULT VALUES RETURNING id, current_user AS role",
  );
  response.json({ visit: rows[0].id, role: rows[0].role, pid: process.pid });
});

// Express recognizes an error handler by its four parameters.
app.use((error, _request, response, _next) => {
  console.error(error.message);
  response.set("Retry-After", "1").status(503).json({ error: "The database does not answer" });
});

const server = app.listen(3000, (error) => {
  if (error) throw error;
  console.log("Express is listening on", server.address());
});
