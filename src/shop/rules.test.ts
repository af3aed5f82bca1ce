import type { ContextModule } from "holon";
import { type AnyProcedure, walkProcedures } from "holon/contract";
import { expect, test } from "vitest";
import { createShop } from "./app.ts";

const nothing = undefined as never;
const shop = createShop({ gateway: nothing, tokens: nothing, mailer: nothing, firstAdmin: undefined, nowMs: () => 0 });

/** Whether the input has the id of a row, which may belong to another user. */
const namesRow = ({ input }: AnyProcedure): boolean => Object.keys(input.shape ?? {}).some((field) => /^id$|Id$/.test(field));

const ruleAt = (module: ContextModule, path: string): unknown =>
  path.split(".").reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], module.rules);

/** The procedures that users may call with the id of a row; admins and other contexts see all rows. */
const ownable = shop.contexts.flatMap((module) =>
  [...walkProcedures(module.contract.procedures)]
    .filter(([, procedure]) => procedure.access === "user" && namesRow(procedure))
    .map(([path]) => ({ module, path, name: `${module.name}.${path}` })),
);

test("the shop has procedures that need a rule", () => {
  expect(ownable.map(({ name }) => name)).toContain("orders.details");
});

test.each(ownable)("$name has a rule on whose row it is", ({ module, path }) => {
  expect(ruleAt(module, path)).toBeDefined();
});
