import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The path of faketime's library for threaded programs, from Debian's package `faketime`. */
const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** Whether this machine can change the clocks of programs. */
export const hasFaketime = process.platform === "linux" && existsSync(LIBRARY);

/**
 * A clock for several programs, which follow it if they are started with its environment: real time plus an offset, which they read from a file at
 * each reading of the clock.
 *
 * Both clocks of a program jump, that of dates and that of its timers: after a jump of an hour, what is due after an hour is due at once.
 */
export class MovedClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;
  #offsetMs = 0;

  constructor(startMs: number) {
    this.#folder = mkdtempSync(path.join(tmpdir(), "holon-clock-"));
    // The embedded Postgres runs as another user.
    chmodSync(this.#folder, 0o755);
    this.env = {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Without it, each program reads the file only every ten seconds.
      FAKETIME_NO_CACHE: "1",
      // Without it, each program makes shared memory, which a killed program leaves behind.
      FAKETIME_DISABLE_SHM: "1",
      NO_FAKE_STAT: "1",
    };
    this.jumpTo(startMs);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the clock forward; it then runs on at its own speed. An earlier time does not change it. */
  jumpTo(atMs: number): void {
    const offsetMs = atMs - Date.now();
    if (this.#offsetMs !== 0 && offsetMs <= this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    // Renamed, so that a program reads either the old or the new offset.
    writeFileSync(`${this.#file}.new`, `${offsetMs < 0 ? "-" : "+"}${(Math.abs(offsetMs) / 1_000).toFixed(3)}\n`, { mode: 0o644 });
    renameSync(`${this.#file}.new`, this.#file);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return path.join(this.#folder, "offset");
  }
}
