import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { contract, query } from "../../contract/index.ts";
import { defineContext } from "../../define/define-context.ts";
import { documentText } from "../../edge/openapi/docs-routes.ts";
import { silentLogger } from "../../kernel/log.ts";
import { defineApp, openApiOf, shapeOf } from "../app/define-app.ts";
import { readPlan } from "../plan/read-plan.ts";
import { type RunningProcess, startProcess } from "./start-process.ts";

const greet = defineContext(
  contract("greet", {
    procedures: { hello: query({ access: "public", output: z.string(), rest: "GET /greetings" }) },
  }),
);
const app = defineApp({
  name: "polite",
  api: { title: "Politeness", version: "2.0.0" },
  contexts: [greet.implement({ procedures: greet.procedures({ hello: async () => "hello" }) })],
});
/** An edge without contexts. All that it shows of the contexts comes from their contracts. */
const EDGE = { HOLON_CONTEXTS: "none", HOLON_GREET_URL: "mesh://127.0.0.1:9", HOLON_SECRET: "s", PORT: "0", HOLON_OPS_PORT: "0" };

let running: RunningProcess | undefined;
afterEach(() => running?.close());

it.each([
  ["page", 200, 200],
  ["document", 200, 404],
  ["off", 404, 404],
])("an edge shows what HOLON_DOCS says: %s", async (docs, documentStatus, pageStatus) => {
  running = await startProcess({ app, plan: readPlan(shapeOf(app), { ...EDGE, HOLON_DOCS: docs }), log: silentLogger });
  const answers = await Promise.all(["/openapi.json", "/docs", "/docs/page.js"].map((path) => fetch(`${running?.edge?.url}${path}`)));
  expect(answers.map(({ status }) => status)).toEqual([documentStatus, pageStatus, pageStatus]);
  expect((await answers[0]?.text()) === documentText(openApiOf(app))).toBe(documentStatus === 200);
});

it("the document has the name and version of its app, or says that it has none", () => {
  expect(openApiOf(app).info).toEqual({ title: "Politeness", version: "2.0.0" });
  expect(openApiOf(defineApp({ name: "plain", contexts: [] })).info).toEqual({ title: "plain", version: "0.0.0" });
});
