import { WheelEntry } from "../../kernel/index.ts";

/** Runs a function once when its moment has come. For what waits seldom; calls extend {@link WheelEntry} themselves. */
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
