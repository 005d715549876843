// The parentheses are missing in app.use(systemdListen); with ROUTER, in router.use(systemdListen).
import { systemdListen } from "@sockact/express";
import { port, report } from "@sockact/testing/contract-app";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
const router = express.Router();
(process.env.ROUTER ? router : app).use(systemdListen);
app.use(router);
report(app.listen(port), () => []);
