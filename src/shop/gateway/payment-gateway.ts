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

/** The world's side of payments. */
export interface PaymentGateway {
  /** Takes money. Errors: the signal's reason where it ends first; then the charge is in doubt until it is refunded by its key. */
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /**
   * Gives back what was charged under a key, once. Guarantee: a charge under this key that is on its way, or comes later, takes nothing.
   */
  refund(request: { readonly key: string; readonly signal: AbortSignal }): Promise<void>;
}
