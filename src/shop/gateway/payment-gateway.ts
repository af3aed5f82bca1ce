/** What is to be charged. */
export interface ChargeRequest {
  /** Names the charge: the same key again is the same charge, however often it is sent. */
  readonly key: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  /** Ends the wait for an answer; the charge may still go through. */
  readonly signal: AbortSignal;
}

/** What the gateway made of a charge. */
export type ChargeOutcome = { readonly outcome: "approved" } | { readonly outcome: "declined"; readonly reason: string };

/** Where a charge stands at the gateway. `pending` may still become approved; `voided` and what follows it never will. */
export type ChargeStatus = "unknown" | "pending" | "approved" | "declined" | "refunded" | "voided";

/** A charge of which something is asked. */
export interface ChargeName {
  readonly key: string;
  readonly signal: AbortSignal;
}

/** The world's side of payments. */
export interface PaymentGateway {
  /** Takes money. Errors: the signal's reason where it ends first; then the charge is in doubt: it may go through at any later time. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /**
   * Gives back what was charged under a key, once.
   *
   * Guarantee: a charge under this key that comes later takes nothing. One that the bank has at this moment may still go through: find it
   * later, and give it back again.
   */
  refund(request: ChargeName): Promise<void>;
  /** Where the charge of a key stands now. */
  find(request: ChargeName): Promise<{ readonly status: ChargeStatus; readonly amountCents: number }>;
}
