import type { Principal } from "../kernel/index.ts";
import { parsePrincipal } from "./wire-principal.ts";

/** How many principals one connection remembers. */
export const PRINCIPAL_TABLE_COUNT = 256;

interface Slot {
  readonly number: number;
  readonly text: string;
  principal: Principal;
}

/**
 * The sending end of a connection's table of principals: each travels whole once and as a number after that.
 *
 * Both ends hold {@link PRINCIPAL_TABLE_COUNT} at most; the oldest entry makes room. Frames arrive in order, so a number always means what was
 * last sent with it.
 */
export class PrincipalSender {
  readonly #slots: (Slot | undefined)[] = new Array<Slot | undefined>(PRINCIPAL_TABLE_COUNT).fill(undefined);
  readonly #byPrincipal = new Map<Principal, Slot>();
  readonly #byText = new Map<string, Slot>();
  #next = 0;
  #last: Principal | undefined = undefined;
  #lastNumber = "";

  /** What stands for the principal in the next frame; {@link withdraw} it where that frame is not sent after all. */
  write(principal: Principal): string {
    if (principal === this.#last) return this.#lastNumber;
    let slot = this.#byPrincipal.get(principal);
    if (slot === undefined) {
      // An edge makes a new object for each request of the same user: the table goes by content.
      const text = JSON.stringify(principal);
      slot = this.#byText.get(text);
      if (slot === undefined) return this.#enter(principal, text);
      this.#byPrincipal.delete(slot.principal);
      this.#byPrincipal.set(principal, slot);
      slot.principal = principal;
    }
    this.#last = principal;
    this.#lastNumber = String(slot.number);
    return this.#lastNumber;
  }

  /** The other end never saw the frame: the principal travels whole again. */
  withdraw(principal: Principal): void {
    const slot = this.#byPrincipal.get(principal);
    if (slot === undefined) return;
    this.#byPrincipal.delete(principal);
    this.#byText.delete(slot.text);
    this.#slots[slot.number] = undefined;
    this.#last = undefined;
  }

  #enter(principal: Principal, text: string): string {
    const number = this.#next;
    this.#next = (number + 1) % PRINCIPAL_TABLE_COUNT;
    const oldest = this.#slots[number];
    if (oldest !== undefined) {
      this.#byPrincipal.delete(oldest.principal);
      this.#byText.delete(oldest.text);
    }
    const slot: Slot = { number, text, principal };
    this.#slots[number] = slot;
    this.#byPrincipal.set(principal, slot);
    this.#byText.set(text, slot);
    this.#last = principal;
    this.#lastNumber = String(number);
    return `[${number},${text}]`;
  }
}

/** The receiving end of a connection's table of principals. */
export class PrincipalReceiver {
  readonly #slots: (Principal | undefined)[] = new Array<Principal | undefined>(PRINCIPAL_TABLE_COUNT).fill(undefined);

  /** The principal that a frame names; undefined where it names none. */
  read(value: unknown): Principal | undefined {
    if (typeof value === "number") return this.#slots[value];
    if (!Array.isArray(value)) return undefined;
    const number: unknown = value[0];
    if (typeof number !== "number" || !(number in this.#slots)) return undefined;
    const principal = parsePrincipal(value[1]);
    this.#slots[number] = principal;
    return principal;
  }
}
