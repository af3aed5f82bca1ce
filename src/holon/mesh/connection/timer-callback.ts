import { TimerEntry } from "../../kernel/timers.ts";

/** Runs a function once, when its time has come. It is for rare timers; a call is a {@link TimerEntry} itself. */
export class TimerCallback extends TimerEntry {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override expire(): void {
    this.#run();
  }
}
