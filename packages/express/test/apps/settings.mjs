// Settings that Express 4 reads when it makes its router, set behind systemdListen(); an app in an app; the wrong place for it.
import { systemdListen } from "@sockact/express";
import { port, report } from "@sockact/testkit/contract-app";

const { default: express } = await import(process.env.FRAMEWORK);

const app = express();
app.use(systemdListen());
app.set("query parser", (text) => ({ own: text }));
const router = express.Router();
router.use(systemdListen());
router.get("/", (req, res) => res.json(req.query));
app.use("/router", router);

report(app.listen(port), () => []);
// Nothing is left for a second server of the app.
report(app.listen(port), () => []);
