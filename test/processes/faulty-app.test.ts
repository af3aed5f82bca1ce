import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "./fixture/run.ts";

const MAIN = fileURLToPath(new URL("fixture/faulty.ts", import.meta.url));

/** The beginning of the message of each fault of the fixture. */
const FAULTS = [
  "stock.taken has a handler that is not a function.",
  "stock.items.list has no handler.",
  "stock.items.lst has a handler, and the contract has no such procedure.",
  "stock.takn (rule) is for a procedure that the contract does not have.",
  "sales.sell calls mails, which the context does not declare.",
  "sales (job countSales) has no handler.",
  "sales (job sendReciept) has a handler, and the context has no such job.",
  'sales (schedule nightly) there is no job "countSails".',
  'sales (schedule hourly) its data does not fit the job "sendReceipt": order',
  "sales (event stock.itemTakn) has a handler, and the contract stock has no such event.",
  "sales (events mails) has handlers, and the context does not subscribe to it.",
  "sales (workflow placeOrder@1) has no body.",
  "sales (workflow placeOrder@3) has a body, and the context has no such version.",
  "sales (workflow refund@1) has no body.",
  "sales (workflow refund) waits for stock.itemTaken, which is not orderedBy a field: it has no key to wait for.",
  "sales (start) has a handler that is not a function.",
  "mails is the name of 2 contexts.",
  "contexts[5] is not a context with handlers.",
  "contexts[6] is not a context with handlers.",
];

test.each(["start", "plan", "apart"])("%s lists every fault of an app that no compiler has checked, and exits 2", async (command) => {
  const running = runProgram(MAIN, [command], { PORT: "egde" });
  expect(await running.ended, running.output()).toBe(2);
  const lines = running.output().split("\n");
  expect(lines[0]).toBe(`The configuration has ${FAULTS.length + 1} faults; nothing was started.`);
  const said = lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim());
  for (const fault of FAULTS)
    expect(
      said.filter((line) => line.startsWith(fault)),
      running.output(),
    ).toHaveLength(1);
  expect(said.filter((line) => line.startsWith("PORT "))).toHaveLength(1);
  expect(said).toHaveLength(FAULTS.length + 1);
  // Each fault is followed by its cure.
  expect(lines.filter((line) => /^ {4}\S/.test(line))).toHaveLength(FAULTS.length + 1);
});
