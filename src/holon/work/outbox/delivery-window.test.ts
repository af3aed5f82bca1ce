import { describe, expect, it } from "vitest";
import { signal } from "../../data/child.testing.ts";
import { systemClock } from "../../kernel/clock.ts";
import { DeliveryWindow } from "./delivery-window.ts";

type Depth = { readonly waiting: number; readonly active: number; readonly delayed: number; readonly failed: number };

/** Queues that answer when the test lets them. */
function openWindow(subscribersBehind: () => Promise<string[]> = async () => []) {
  const asked: { readonly answer: (waiting: number) => void; readonly refuse: () => void }[] = [];
  const depth = () =>
    new Promise<Depth>((resolve, reject) => {
      asked.push({ answer: (waiting) => resolve({ waiting, active: 0, delayed: 0, failed: 0 }), refuse: () => reject(new Error("away")) });
    });
  const window = new DeliveryWindow({ backend: { depth }, lease: { subscribersBehind }, clock: systemClock, queueCount: 10, freshMs: 60_000 });
  /** Waits until this many requests have been sent. */
  const asking = async (count: number): Promise<void> => {
    for (let turn = 0; turn < 100 && asked.length < count; turn++) await Promise.resolve();
  };
  return { window, asked, asking };
}

describe("the room on a queue", () => {
  it("is what the queue answers, for two callers that ask at once", async () => {
    const { window, asked, asking } = openWindow();
    const rooms = [1, 2].map(() => window.look(["mail"]).then(() => window.room("mail")));
    await asking(1);
    // By now, a call that does not wait for the answer would have read the room.
    await new Promise((resolve) => setImmediate(resolve));
    asked[0]?.answer(3);
    expect([await Promise.all(rooms), asked.length]).toEqual([[7, 7], 1]);
  });

  it("is asked for again after a question that failed", async () => {
    const { window, asked, asking } = openWindow();
    const failed = window.look(["mail"]);
    await asking(1);
    asked[0]?.refuse();
    await expect(failed).rejects.toThrow("away");
    const again = window.look(["mail"]);
    await asking(2);
    asked[1]?.answer(0);
    await again;
    expect(window.admits("mail", 10)).toBe(true);
  });

  it("is smaller by the messages that are on their way to the queue", async () => {
    const { window, asked, asking } = openWindow();
    const look = window.look(["mail"]);
    await asking(1);
    asked[0]?.answer(0);
    await look;
    await window.adding("mail", 4, async () => {});
    expect([window.room("mail"), window.admits("mail", 7)]).toEqual([6, false]);
  });
});

describe("a subscriber that falls behind", () => {
  it("during the query for subscribers that are behind is behind after the query too", async () => {
    const answer = signal<string[]>();
    const { window } = openWindow(() => answer.promise);
    const look = window.look([]);
    window.fellBehind("mail");
    answer.resolve(["stock"]);
    await look;
    expect(window.behind).toEqual(["stock", "mail"]);
  });

  it("during the query for its waiting events is behind until they were queried again", () => {
    const { window } = openWindow();
    window.fellBehind("mail");
    const before = window.falls;
    window.fellBehind("mail");
    window.caughtUp("mail", before);
    expect(window.behind).toEqual(["mail"]);
    window.caughtUp("mail", window.falls);
    expect(window.behind).toEqual([]);
  });
});
