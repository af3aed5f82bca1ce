import type { ChargeOutcome, ChargeRequest, PaymentGateway } from "./payment-gateway.ts";

/** What the fake does with the charges that a rule fits: those of the customer, of the amount, or of both; a rule that names neither fits all. */
export interface GatewayRule {
  readonly customerId?: string | undefined;
  readonly amountCents?: number | undefined;
  /** `hang` gives no answer until the caller stops waiting. */
  readonly outcome: "approve" | "decline" | "hang";
  /** Why it is declined. */
  readonly reason?: string | undefined;
}

/** Where a charge of the fake stands. */
export type FakeChargeStatus = "pending" | "approved" | "declined" | "refunded" | "voided";

/** One charge of the fake. */
export interface FakeCharge {
  readonly key: string;
  readonly orderId: string | undefined;
  readonly amountCents: number;
  readonly status: FakeChargeStatus;
}

/** A gateway in memory, which does what it is told. */
export interface FakeGateway extends PaymentGateway {
  /** Replaces the rules; the first one that fits decides, and without one a charge is approved. */
  setRules(rules: readonly GatewayRule[]): void;
  /** Approves the charges that hang, as a slow bank does after nobody waits for it any more. */
  approvePending(): void;
  /** All charges it remembers, the oldest first. */
  charges(): readonly FakeCharge[];
}

/** How many charges the fake remembers. */
const GREATEST_CHARGES = 100_000;

/** Makes a gateway that moves no money. Its charges live as long as the process. */
export function createFakeGateway(initialRules: readonly GatewayRule[] = []): FakeGateway {
  let rules = initialRules;
  const charges = new Map<string, FakeCharge>();

  const put = (charge: FakeCharge): void => {
    charges.set(charge.key, charge);
    const [oldest] = charges.keys();
    if (charges.size > GREATEST_CHARGES && oldest !== undefined) charges.delete(oldest);
  };

  return {
    async charge(request) {
      request.signal.throwIfAborted();
      const known = charges.get(request.key);
      if (known !== undefined && known.status !== "pending") return toOutcome(known.status);
      const rule = rules.find((each) => fits(each, request));
      const status = statusAfter(rule?.outcome ?? "approve");
      put({ key: request.key, orderId: request.orderId, amountCents: request.amountCents, status });
      if (status === "pending") return abortedWait(request.signal);
      return toOutcome(status, rule?.reason);
    },

    async refund({ key }) {
      const known = charges.get(key);
      if (known === undefined) put({ key, orderId: undefined, amountCents: 0, status: "voided" });
      else if (known.status === "pending") put({ ...known, status: "voided" });
      else if (known.status === "approved") put({ ...known, status: "refunded" });
    },

    setRules(next) {
      rules = next;
    },

    approvePending() {
      for (const charge of charges.values()) if (charge.status === "pending") put({ ...charge, status: "approved" });
    },

    charges: () => [...charges.values()],
  };
}

function fits(rule: GatewayRule, { customerId, amountCents }: ChargeRequest): boolean {
  return (rule.customerId ?? customerId) === customerId && (rule.amountCents ?? amountCents) === amountCents;
}

function statusAfter(outcome: GatewayRule["outcome"]): FakeChargeStatus {
  return outcome === "approve" ? "approved" : outcome === "decline" ? "declined" : "pending";
}

function toOutcome(status: FakeChargeStatus, reason?: string): ChargeOutcome {
  if (status === "approved") return { outcome: "approved" };
  return { outcome: "declined", reason: reason ?? (status === "declined" ? "The bank declined." : "The charge was called off.") };
}

function abortedWait(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
