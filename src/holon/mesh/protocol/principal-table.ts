import type { Principal } from "../../kernel/principal.ts";
import type { PrincipalVouching, ReceivedPrincipal } from "./wire-principal.ts";

/** How many principals one connection remembers. */
export const PRINCIPAL_TABLE_COUNT = 256;

interface Slot {
  readonly number: number;
  readonly text: string;
  readonly goodUntilMs: number;
  principal: Principal;
}

/**
 * The sending end of a connection's table of principals. Each principal is sent in full once, and as a number after that.
 *
 * Both ends keep {@link PRINCIPAL_TABLE_COUNT} entries at most; a new entry replaces the oldest. Frames arrive in order, so a number always means
 * what was last sent with it. If the token of a principal ends before the deadline of the call, a new token is sent: a connection may last longer than
 * a token.
 */
export class PrincipalSender {
  readonly #vouching: PrincipalVouching;
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(PRINCIPAL_TABLE_COUNT).fill(undefined);
  readonly #byPrincipal = new Map<Principal, Slot>();
  readonly #byText = new Map<string, Slot>();
  #next = 0;
  #last: Principal | undefined = undefined;
  #lastNumber = "";
  #lastUntilMs = 0;

  constructor(vouching: PrincipalVouching) {
    this.#vouching = vouching;
  }

  /**
   * The principal's part of the next frame, for a call that may last until `untilMs`. Call {@link withdraw} if that frame is not sent after all.
   * Undefined if this process has no token for the principal and may not issue one.
   */
  write(principal: Principal, untilMs: number): string | undefined {
    if (principal === this.#last && untilMs <= this.#lastUntilMs) return this.#lastNumber;
    const known = this.#byPrincipal.get(principal);
    if (known !== undefined && untilMs <= known.goodUntilMs) return this.#use(known);
    // An edge makes a new object for each request of the same user, so the table is searched by content.
    const voucher = this.#vouching.vouch(principal, untilMs);
    if (voucher === undefined) return undefined;
    const slot = this.#byText.get(voucher.text);
    if (slot === undefined) return this.#enter({ number: this.#takeNumber(), ...voucher, principal });
    this.#unbind(slot);
    slot.principal = principal;
    this.#byPrincipal.set(principal, slot);
    return this.#use(slot);
  }

  /** Called if the frame was not sent. The next frame then has the principal in full again. */
  withdraw(principal: Principal): void {
    const slot = this.#byPrincipal.get(principal);
    if (slot !== undefined) this.#remove(slot);
  }

  #use(slot: Slot): string {
    this.#last = slot.principal;
    this.#lastUntilMs = slot.goodUntilMs;
    this.#lastNumber = String(slot.number);
    return this.#lastNumber;
  }

  #enter(slot: Slot): string {
    this.#slots[slot.number] = slot;
    this.#byPrincipal.set(slot.principal, slot);
    this.#byText.set(slot.text, slot);
    return `[${this.#use(slot)},${slot.text}]`;
  }

  #takeNumber(): number {
    const number = this.#next;
    this.#next = (number + 1) % PRINCIPAL_TABLE_COUNT;
    const oldest = this.#slots[number];
    if (oldest !== undefined) this.#remove(oldest);
    return number;
  }

  #remove(slot: Slot): void {
    this.#unbind(slot);
    this.#byText.delete(slot.text);
    this.#slots[slot.number] = undefined;
    this.#last = undefined;
  }

  /** Detaches the principal from its slot, unless the principal got another slot when its token was renewed. */
  #unbind(slot: Slot): void {
    if (this.#byPrincipal.get(slot.principal) === slot) this.#byPrincipal.delete(slot.principal);
  }
}

/** Why a call is refused although its principal was accepted before. */
const EXPIRED = "its token has ended";

/** The receiving end of a connection's table of principals. */
export class PrincipalReceiver {
  readonly #vouching: PrincipalVouching;
  readonly #slots: (ReceivedPrincipal | string | undefined)[] = new Array<undefined>(PRINCIPAL_TABLE_COUNT).fill(undefined);

  constructor(vouching: PrincipalVouching) {
    this.#vouching = vouching;
  }

  /** The principal that a frame names. A returned sentence says why it is refused; undefined means that the frame names no principal. */
  read(value: unknown, nowMs: number): Principal | string | undefined {
    const received = isPlace(value) ? this.#slots[value] : this.#enter(value);
    if (received === undefined || typeof received === "string") return received;
    return nowMs <= received.expiresAtMs ? received.principal : EXPIRED;
  }

  #enter(value: unknown): ReceivedPrincipal | string | undefined {
    if (!Array.isArray(value)) return undefined;
    const number: unknown = value[0];
    if (!isPlace(number)) return undefined;
    const received = this.#vouching.receive(value[1]);
    this.#slots[number] = received;
    return received;
  }
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < PRINCIPAL_TABLE_COUNT;
}
