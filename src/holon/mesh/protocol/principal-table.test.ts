import { describe, expect, it } from "vitest";
import { ANONYMOUS, type Principal } from "../../kernel/principal.ts";
import { PRINCIPAL_TABLE_COUNT, PrincipalReceiver, PrincipalSender } from "./principal-table.ts";
import { PLAIN_PRINCIPALS, type PrincipalVouching } from "./wire-principal.ts";

/** The end of a call that has time left. */
const UNTIL = 10_000;

const user = (id: string): Principal => ({ kind: "user", id, roles: ["buyer"] });

describe("the table of principals", () => {
  it("sends a principal whole once and as a number after that", () => {
    const sender = new PrincipalSender(PLAIN_PRINCIPALS);
    const ann = user("ann");
    expect([sender.write(ann, UNTIL), sender.write(ANONYMOUS, UNTIL), sender.write(ann, UNTIL)]).toEqual([
      `[0,${JSON.stringify(ann)}]`,
      '[1,{"kind":"anonymous"}]',
      "0",
    ]);
  });

  it("knows the same principal in another object", () => {
    const sender = new PrincipalSender(PLAIN_PRINCIPALS);
    sender.write(user("ann"), UNTIL);
    expect([sender.write(user("ann"), UNTIL), sender.write(user("bob"), UNTIL), sender.write(user("ann"), UNTIL)]).toEqual([
      "0",
      `[1,${JSON.stringify(user("bob"))}]`,
      "0",
    ]);
  });

  it("distinguishes principals that differ in their roles only", () => {
    const sender = new PrincipalSender(PLAIN_PRINCIPALS);
    sender.write(user("ann"), UNTIL);
    expect(sender.write({ kind: "user", id: "ann", roles: [] }, UNTIL)).toMatch(/^\[1,/);
  });

  it("brings every principal to the other end, however many there are", () => {
    const sender = new PrincipalSender(PLAIN_PRINCIPALS);
    const receiver = new PrincipalReceiver(PLAIN_PRINCIPALS);
    for (let index = 0; index < PRINCIPAL_TABLE_COUNT * 3; index++) {
      const each = [user(`u${index}`), user(`u${Math.floor(index / 2)}`), ANONYMOUS];
      for (const principal of each) expect(receiver.read(JSON.parse(String(sender.write(principal, UNTIL))), 0)).toEqual(principal);
    }
  });

  it("sends a principal whole again if the frame that introduced it was not sent", () => {
    const sender = new PrincipalSender(PLAIN_PRINCIPALS);
    const ann = user("ann");
    sender.write(ann, UNTIL);
    sender.withdraw(ann);
    expect(sender.write(ann, UNTIL)).toBe(`[1,${JSON.stringify(ann)}]`);
  });

  it.each([
    ["a number that was never sent", 3],
    ["a place outside the table", [PRINCIPAL_TABLE_COUNT, { kind: "anonymous" }]],
    ["a kind that is not a text", [0, { kind: 5 }]],
    ["a name in place of a number", "length"],
    ["a negative number", -1],
    ["a fraction", 0.5],
    ["a name for a place", ["length", { kind: "anonymous" }]],
    ["an id that is not well-formed Unicode", [0, { kind: "user", id: "\ud800", roles: [] }]],
    ["a user without roles", [0, { kind: "user", id: "ann" }]],
    ["roles that are not texts", [0, { kind: "user", id: "ann", roles: [1] }]],
    ["a system without a task", [0, { kind: "system", context: "orders" }]],
    ["nothing", null],
    ["a text", "anonymous"],
  ])("refuses %s", (_name, value) => {
    expect(new PrincipalReceiver(PLAIN_PRINCIPALS).read(value, 0)).toBeUndefined();
  });

  it("refuses a kind that only a later version knows, also by its number", () => {
    const receiver = new PrincipalReceiver(PLAIN_PRINCIPALS);
    receiver.read([0, { kind: "user", id: "ann", roles: [] }], 0);
    expect([receiver.read([0, { kind: "robot", id: "r" }], 0), receiver.read(0, 0)]).toEqual([
      "it is of a kind that this version does not know",
      "it is of a kind that this version does not know",
    ]);
  });

  it("drops members that a principal does not have", () => {
    expect(new PrincipalReceiver(PLAIN_PRINCIPALS).read([0, { ...user("ann"), admin: true }], 0)).toEqual(user("ann"));
  });

  it("sends a principal again if its token ends before the call may", () => {
    let made = 0;
    const vouching: PrincipalVouching = {
      ...PLAIN_PRINCIPALS,
      vouch: (_principal, untilMs) => ({ text: `"token ${made++}"`, goodUntilMs: untilMs + 50 }),
    };
    const sender = new PrincipalSender(vouching);
    const ann = user("ann");
    expect([100, 150, 151, 120].map((untilMs) => sender.write(ann, untilMs))).toEqual(['[0,"token 0"]', "0", '[1,"token 1"]', "1"]);
  });

  it("remembers a renewed principal when the place of its first token is given away", () => {
    let made = 0;
    const vouching: PrincipalVouching = {
      ...PLAIN_PRINCIPALS,
      vouch: (_principal, untilMs) => ({ text: `"token ${made++}"`, goodUntilMs: untilMs }),
    };
    const sender = new PrincipalSender(vouching);
    const ann = user("ann");
    sender.write(ann, 1);
    sender.write(ann, 2);
    for (let index = 2; index <= PRINCIPAL_TABLE_COUNT; index++) sender.write(user(`u${index}`), 1);
    expect(sender.write(ann, 2)).toBe("1");
  });

  it("sends nothing for a principal that this process may not call for", () => {
    expect(new PrincipalSender({ ...PLAIN_PRINCIPALS, vouch: () => undefined }).write(user("ann"), UNTIL)).toBeUndefined();
  });

  it("refuses a principal whose token has ended, sent whole or as a number", () => {
    const receiver = new PrincipalReceiver({ ...PLAIN_PRINCIPALS, receive: () => ({ principal: user("ann"), expiresAtMs: 100 }) });
    expect([receiver.read([0, "token"], 100), receiver.read(0, 100), receiver.read(0, 101), receiver.read([1, "token"], 101)]).toEqual([
      user("ann"),
      user("ann"),
      "its token has ended",
      "its token has ended",
    ]);
  });

  it("gives the reason why it refused a principal, also if it comes again as a number", () => {
    const receiver = new PrincipalReceiver({ ...PLAIN_PRINCIPALS, receive: () => "it is forged" });
    expect([receiver.read([0, "token"], 0), receiver.read(0, 0)]).toEqual(["it is forged", "it is forged"]);
  });
});
