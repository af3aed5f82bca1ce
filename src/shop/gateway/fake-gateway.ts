import type { ChargeOutcome, ChargeRequest, PaymentGateway } from "./payment-gateway.ts";

/** How the fake answers a charge. A rule applies to charges with its customer and its amount; a rule with neither applies to all charges. */
export interface GatewayRule {
  readonly customerId?: string | undefined;
  readonly amountCents?: number | undefined;
  /**
   * `hang`: the charge gets no answer, and a refund voids it. `late`: the charge gets no answer either, but the bank approves it after `afterMs`; if a refund
   * comes before that, `afterMs` counts from the first refund.
   */
  readonly outcome: "approve" | "decline" | "hang" | "late";
  /** The reason of a declined charge. */
  readonly reason?: string | undefined;
  /** How much later the bank approves a `late` charge; milliseconds, 5 000 by default. */
  readonly afterMs?: number | undefined;
}

/** The status of a charge of the fake. */
export type FakeChargeStatus = "pending" | "approved" | "declined" | "refunded" | "voided";

/** One charge of the fake. */
export interface FakeCharge {
  readonly key: string;
  readonly orderId: string | undefined;
  readonly amountCents: number;
  readonly status: FakeChargeStatus;
}

/** A gateway in memory that answers by rules. */
export interface FakeGateway extends PaymentGateway {
  /** Replaces the rules. The first rule that applies decides; without one a charge is approved. */
  setRules(rules: readonly GatewayRule[]): void;
  /** Approves all pending charges, like a slow bank after the caller stopped waiting. */
  approvePending(): void;
  /** All charges that the fake remembers, the oldest first. */
  charges(): readonly FakeCharge[];
}

/** A charge as the fake keeps it. A late charge is approved at `approvedAtMs`. Its first refund moves that time to `lateByMs` after the refund. */
interface KnownCharge extends FakeCharge {
  readonly reason?: string | undefined;
  readonly lateByMs?: number | undefined;
  readonly approvedAtMs?: number | undefined;
}

/** How many charges the fake remembers. */
const GREATEST_CHARGES = 100_000;
const LATE_MS = 5_000;

/** Makes a gateway that moves no money. Its charges live as long as the process. `nowMs` is any monotonic clock. */
export function createFakeGateway(nowMs: () => number, initialRules: readonly GatewayRule[] = []): FakeGateway {
  let rules = initialRules;
  const charges = new Map<string, KnownCharge>();

  const put = (charge: KnownCharge): void => {
    charges.set(charge.key, charge);
    const [oldest] = charges.keys();
    if (charges.size > GREATEST_CHARGES && oldest !== undefined) charges.delete(oldest);
  };
  const settled = (charge: KnownCharge): KnownCharge =>
    charge.status === "pending" && (charge.approvedAtMs ?? Number.POSITIVE_INFINITY) <= nowMs() ? { ...charge, status: "approved" } : charge;
  const known = (key: string): KnownCharge | undefined => {
    const charge = charges.get(key);
    return charge === undefined ? undefined : settled(charge);
  };

  return {
    async charge(request) {
      request.signal.throwIfAborted();
      const before = known(request.key);
      if (before?.status === "pending") return abortedWait(request.signal);
      if (before !== undefined) return toOutcome(before);
      const charge = newCharge(request, rules, nowMs());
      put(charge);
      return charge.status === "pending" ? abortedWait(request.signal) : toOutcome(charge);
    },

    async refund({ key }) {
      const before = known(key);
      if (before === undefined) put({ key, orderId: undefined, amountCents: 0, status: "voided" });
      else if (before.status === "approved") put({ ...before, status: "refunded" });
      else if (before.lateByMs !== undefined && before.status === "pending")
        put({ ...before, approvedAtMs: nowMs() + before.lateByMs, lateByMs: undefined });
      else if (before.status === "pending" && before.approvedAtMs === undefined) put({ ...before, status: "voided" });
    },

    async find({ key }) {
      const { status, amountCents } = known(key) ?? { status: "unknown" as const, amountCents: 0 };
      return { status, amountCents };
    },

    setRules(next) {
      rules = next;
    },

    approvePending() {
      for (const charge of charges.values()) if (charge.status === "pending") put({ ...charge, status: "approved" });
    },

    charges: () => [...charges.values()].map(settled).map(({ key, orderId, amountCents, status }) => ({ key, orderId, amountCents, status })),
  };
}

function newCharge(request: ChargeRequest, rules: readonly GatewayRule[], now: number): KnownCharge {
  const { key, orderId, amountCents } = request;
  const { outcome, reason, afterMs = LATE_MS } = rules.find((each) => fits(each, request)) ?? { outcome: "approve" };
  const charge = { key, orderId, amountCents, reason };
  if (outcome === "approve") return { ...charge, status: "approved" };
  if (outcome === "decline") return { ...charge, status: "declined" };
  return outcome === "hang" ? { ...charge, status: "pending" } : { ...charge, status: "pending", lateByMs: afterMs, approvedAtMs: now + afterMs };
}

function fits(rule: GatewayRule, { customerId, amountCents }: ChargeRequest): boolean {
  return (rule.customerId ?? customerId) === customerId && (rule.amountCents ?? amountCents) === amountCents;
}

function toOutcome({ status, reason }: KnownCharge): ChargeOutcome {
  if (status === "approved") return { outcome: "approved" };
  return { outcome: "declined", reason: reason ?? (status === "declined" ? "The bank declined." : "The charge was cancelled.") };
}

function abortedWait(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
