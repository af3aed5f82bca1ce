import { expect, test } from "vitest";
import { FewAtOnce } from "./few-at-once.ts";

test("FewAtOnce runs a few works at once, lets some wait, and refuses the rest before they begin", async () => {
  const few = new FewAtOnce({ runningCount: 2, waitingCount: 1 });
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const work = (name: string): Promise<string> =>
    few.run(() => {
      begun.push(name);
      return new Promise((resolve, reject) => ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error))));
    });
  const [first, second, third] = [work("first"), work("second"), work("third")];
  await expect(work("fourth")).rejects.toMatchObject({ code: "OVERLOADED", executed: "no" });
  expect(begun).toEqual(["first", "second"]);
  ends.get("first")?.(new Error("it failed"));
  await expect(first).rejects.toThrow("it failed");
  expect(begun).toEqual(["first", "second", "third"]);
  for (const name of ["second", "third"]) ends.get(name)?.();
  expect(await Promise.all([second, third])).toEqual(["second", "third"]);
  const [fifth, sixth] = [work("fifth"), work("sixth")];
  await Promise.resolve();
  for (const name of ["fifth", "sixth"]) ends.get(name)?.();
  expect(await Promise.all([fifth, sixth])).toEqual(["fifth", "sixth"]);
});
