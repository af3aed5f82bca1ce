/** A request to charge an amount. */
export interface ChargeRequest {
  /** Identifies the charge: if a request with the same key is sent again, it is the same charge. */
  readonly key: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  /** Ends the wait for an answer; the charge may still go through. */
  readonly signal: AbortSignal;
}

/** The gateway's result of a charge. */
export type ChargeOutcome = { readonly outcome: "approved" } | { readonly outcome: "declined"; readonly reason: string };

/** The status of a charge at the gateway. A `pending` charge may still become approved; a `voided` one never will. */
export type ChargeStatus = "unknown" | "pending" | "approved" | "declined" | "refunded" | "voided";

/** Identifies a charge for a refund or a look-up. */
export interface ChargeName {
  readonly key: string;
  readonly signal: AbortSignal;
}

/** The payment provider, as the shop calls it. */
export interface PaymentGateway {
  /** Takes money. Errors: the signal's reason if it aborts first; then the result is unknown, and the charge may go through at any later time. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /**
   * Gives back what was charged under a key, once.
   *
   * Guarantee: a later charge under this key takes no money. A charge that the bank is processing at this moment may still go through: call `find`
   * later, and refund it again.
   */
  refund(request: ChargeName): Promise<void>;
  /** The current status of a charge. */
  find(request: ChargeName): Promise<{ readonly status: ChargeStatus; readonly amountCents: number }>;
}
