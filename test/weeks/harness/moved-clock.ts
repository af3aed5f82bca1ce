import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** The path of faketime's library for threaded programs, from Debian's package `faketime`. */
const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** Whether this machine can change the clocks of programs. */
export const hasFaketime = process.platform === "linux" && existsSync(LIBRARY);

/**
 * A clock for several programs: real time plus an offset. Programs that are started with its environment follow it. They read the offset from a file
 * whenever they read the clock.
 *
 * Both clocks of a program jump: the clock for dates and the clock for timers. After a jump of an hour, a timer of one hour is due at once.
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
      // Without this variable, each program reads the file only every ten seconds.
      FAKETIME_NO_CACHE: "1",
      // Without this variable, each program makes shared memory, which a killed program leaves behind.
      FAKETIME_DISABLE_SHM: "1",
      NO_FAKE_STAT: "1",
    };
    this.jumpTo(startMs);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the clock forward to a time; from there it runs on at the speed of real time. If the time is in its past, nothing changes. */
  jumpTo(atMs: number): void {
    const offsetMs = atMs - Date.now();
    if (this.#offsetMs !== 0 && offsetMs <= this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    // The new file is renamed over the old one, so that a program reads either the old or the new offset.
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
