import process from "node:process";
import { app } from "./express-app.mjs";

app.listen(Number(process.env.PORT), "127.0.0.1");
