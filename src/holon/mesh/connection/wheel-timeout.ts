import { WheelEntry } from "../../kernel/timer-wheel.ts";

/** Runs a function once, when its time has come. It is for rare timers; a call is a {@link WheelEntry} itself. */
export class WheelTimeout extends WheelEntry {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override expire(): void {
    this.#run();
  }
}
