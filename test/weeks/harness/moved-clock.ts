import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Where Debian's package `faketime` puts its library for programs with threads. */
const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;

/** Whether this machine can move the clocks of programs. */
export const hasFaketime = process.platform === "linux" && existsSync(LIBRARY);

/**
 * A clock that several programs follow, started with its environment: real time and an offset, which is read from a file at each look at the clock.
 *
 * Both clocks of a program jump, the one of dates and the one that its timers go by: what is due after an hour is due at once after a jump of one.
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
      // Else each program reads the file every ten seconds only.
      FAKETIME_NO_CACHE: "1",
      // Else each program makes shared memory, which one that is killed leaves behind.
      FAKETIME_DISABLE_SHM: "1",
      NO_FAKE_STAT: "1",
    };
    this.jumpTo(startMs);
  }

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the clock; from there it goes on at its own speed. A moment that is over already leaves it as it is. */
  jumpTo(atMs: number): void {
    const offsetMs = atMs - Date.now();
    if (this.#offsetMs !== 0 && offsetMs <= this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    // Renamed: a program that looks meanwhile sees the one or the other.
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
