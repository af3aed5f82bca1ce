import { describe, expect, it } from "vitest";
import { contract, query } from "../../contract/index.ts";
import { type ContextModule, defineContext } from "../../define/define-context.ts";
import { undeclaredCalls } from "./undeclared-calls.ts";

type Places = Partial<Pick<ContextModule, "procedures" | "jobHandlers" | "workflowHandlers">>;

const stock = contract("stock", { procedures: { left: query({ access: "internal" }) } });
const module = defineContext(contract("sales", { procedures: {} }), { calls: { stock } }).implement({ procedures: {} }) as unknown as ContextModule;

/** The names of contexts that a handler calls without a declaration, in an app with the contexts sales, stock, users and mails. */
function found(text: string, place: keyof Places = "procedures"): string[] {
  // The handler is made from text, because a compiler rewrites strings and comments of the code that runs here.
  const handler = new Function(`return ${text}`)() as () => unknown;
  const faults = undeclaredCalls({ ...module, [place]: { do: handler } } as ContextModule, ["sales", "stock", "users", "mails"]);
  return faults.map(({ problem }) => /^calls (\w+),/.exec(problem)?.[1] ?? problem);
}

describe("calls that a context does not declare", () => {
  it.each([
    ["({ ctx }) => ctx.call.users.find()", ["users"]],
    ["({ ctx }) => ctx.asSystem.call.users.find()", ["users"]],
    ["({ ctx: { asSystem } }) => asSystem.call.users.find()", ["users"]],
    ["(args) => args.ctx.call.users.find()", ["users"]],
    ["async ({ ctx }) => { await ctx\n  .call // the users\n  .users\n  .find(); await ctx.call?.mails.send() }", ["users", "mails"]],
    ["({ ctx }) => [\"a // b\", '/* ', 'it\\'s', ctx.call.users.find(), '*/']", ["users"]],
    ["({ ctx }) => ctx.call.stock.left()", []],
  ])("are found in %s", (handler, names) => {
    expect(found(handler)).toEqual(names);
  });

  it.each([
    "({ step }) => step.call('find', ({ call }) => call.users.find())",
    "({step})=>step.call('find',async({call})=>(await call.users.find()).id)",
    "({ ctx }) => ctx.asSystem.call.users.find()",
  ])("are found in the workflow %s", (handler) => {
    expect(found(handler, "workflowHandlers")).toEqual(["users"]);
    expect(found(handler.replace("users", "stock"), "workflowHandlers")).toEqual([]);
  });

  it.each(['({ ctx }) => /"/.test(ctx.call.users.find())', `({ ctx }) => \`\${ctx.call.users.find()}\``])("may be missed in %s", (handler) => {
    expect(found(handler)).toEqual([]);
  });

  it.each([
    ["({ log }) => log.warn('ctx.call.users failed')"],
    ['({ log }) => log.warn("ctx.call.users.find failed")'],
    [`({ log }) => log.warn(\`ctx.call.users.find failed \${\`ctx.call.users.find \${1}\`} ctx.call.users.find failed\`)`],
    ["({ log }) => [/\"/, /[/]'`/.test('x'), log.warn('ctx.call.users.find')]"],
    ["({ log }) => { if (log) return /\"/; return 'ctx.call.users.find' }"],
    ["() => { // isn't ctx.call.users.find()\n /* nor ' ctx.call.users.find() */ }"],
    ["({ input }) => { const { call } = input; return call.users.length }"],
    ["({ input }) => input.call.users.length"],
    ["({ input }) => input.rows.map(({ call }) => call.users.map(String))"],
    ["({ log }) => [/[//\"]/, '', log.warn('ctx.call.users.find()')]"],
    [`({ log }) => [4 / 2, \`\${'\`'}\`, log.warn(\`ctx.call.users.find()\`)]`],
    ["() => { // `\r`ctx.call.users.find()` }"],
    ["({ ctx, input }) => ctx.callers.users.find(input)"],
    ["({ ctx }) => myctx.call.users.find()"],
    ["({ ctx }) => Object.keys(ctx.call.users)"],
  ])("are not made up from %s", (handler) => {
    expect(found(handler)).toEqual([]);
    expect(found(handler, "jobHandlers")).toEqual([]);
    expect(found(handler, "workflowHandlers")).toEqual([]);
  });
});
