import { type App, defineApp, defineContext } from "holon";
import { contract, mutation, query, subscription } from "holon/contract";
import { z } from "zod";

/** Every kind of procedure, with every access. */
const promise = <Name extends string>(name: Name) =>
  contract(name, {
    procedures: {
      open: query({ access: "public", output: z.string() }),
      mine: query({ access: "user", output: z.string() }),
      manage: mutation({ access: { role: "admin" }, output: z.string() }),
      hidden: mutation({ access: "internal", output: z.string() }),
      live: subscription({ access: "public", output: z.string() }),
    },
  });

const contractOf = { catalog: promise("catalog"), orders: promise("orders"), payments: promise("payments"), mail: promise("mail") };

/** All contracts of the app. */
export const contracts = contractOf;

/** An app whose handlers record their calls: orders calls two contexts, catalog calls one, the others call none. */
export function createAccessApp(enter: (path: string) => void): App {
  const { catalog, orders, payments, mail } = contractOf;
  const handlers = (name: string) => {
    const entered = (procedure: string) => () => {
      enter(`${name}.${procedure}`);
      return "entered";
    };
    return {
      open: entered("open"),
      mine: entered("mine"),
      manage: entered("manage"),
      hidden: entered("hidden"),
      async *live() {
        enter(`${name}.live`);
        yield "entered";
      },
    };
  };
  return defineApp({
    name: "access",
    contexts: [
      defineContext(payments).implement({ procedures: handlers("payments") }),
      defineContext(catalog, { calls: { payments } }).implement({ procedures: handlers("catalog") }),
      defineContext(orders, { calls: { catalog, payments } }).implement({ procedures: handlers("orders") }),
      defineContext(mail).implement({ procedures: handlers("mail") }),
    ],
  });
}
