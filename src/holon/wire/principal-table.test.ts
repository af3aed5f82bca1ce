import { describe, expect, it } from "vitest";
import { ANONYMOUS, type Principal } from "../kernel/index.ts";
import { PRINCIPAL_TABLE_COUNT, PrincipalReceiver, PrincipalSender } from "./principal-table.ts";

const user = (id: string): Principal => ({ kind: "user", id, roles: ["buyer"] });

describe("the table of principals", () => {
  it("sends a principal whole once and as a number after that", () => {
    const sender = new PrincipalSender();
    const ann = user("ann");
    expect([sender.write(ann), sender.write(ANONYMOUS), sender.write(ann)]).toEqual([`[0,${JSON.stringify(ann)}]`, '[1,{"kind":"anonymous"}]', "0"]);
  });

  it("knows the same principal in another object", () => {
    const sender = new PrincipalSender();
    sender.write(user("ann"));
    expect([sender.write(user("ann")), sender.write(user("bob")), sender.write(user("ann"))]).toEqual([
      "0",
      `[1,${JSON.stringify(user("bob"))}]`,
      "0",
    ]);
  });

  it("tells principals apart that differ in their roles only", () => {
    const sender = new PrincipalSender();
    sender.write(user("ann"));
    expect(sender.write({ kind: "user", id: "ann", roles: [] })).toMatch(/^\[1,/);
  });

  it("brings every principal to the other end, however many there are", () => {
    const sender = new PrincipalSender();
    const receiver = new PrincipalReceiver();
    for (let index = 0; index < PRINCIPAL_TABLE_COUNT * 3; index++) {
      const each = [user(`u${index}`), user(`u${Math.floor(index / 2)}`), ANONYMOUS];
      for (const principal of each) expect(receiver.read(JSON.parse(sender.write(principal)))).toEqual(principal);
    }
  });

  it("sends a principal whole again where the frame that introduced it was not sent", () => {
    const sender = new PrincipalSender();
    const ann = user("ann");
    sender.write(ann);
    sender.withdraw(ann);
    expect(sender.write(ann)).toBe(`[1,${JSON.stringify(ann)}]`);
  });

  it.each([
    ["a number that was never sent", 3],
    ["a place outside the table", [PRINCIPAL_TABLE_COUNT, { kind: "anonymous" }]],
    ["an unknown kind", [0, { kind: "root" }]],
    ["a user without roles", [0, { kind: "user", id: "ann" }]],
    ["roles that are no texts", [0, { kind: "user", id: "ann", roles: [1] }]],
    ["a system without a task", [0, { kind: "system", context: "orders" }]],
    ["nothing", null],
    ["a text", "anonymous"],
  ])("refuses %s", (_name, value) => {
    expect(new PrincipalReceiver().read(value)).toBeUndefined();
  });

  it("drops members that a principal does not have", () => {
    expect(new PrincipalReceiver().read([0, { ...user("ann"), admin: true }])).toEqual(user("ann"));
  });
});
