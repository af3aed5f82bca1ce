import type { OutboxEvent } from "./outbox-reader.ts";
import type { Watcher } from "./watcher.ts";

const NOBODY: ReadonlySet<Watcher> = new Set();

/** The watchers of a context by what they watch, so that an event finds its watchers among thousands. */
export class WatcherIndex {
  /** By the name of the event, or by its name with a key. */
  readonly #byPlace = new Map<string, Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    const place = placeOf(watcher.filter.name, watcher.filter.key);
    const watchers = this.#byPlace.get(place) ?? new Set();
    if (watchers.has(watcher)) return;
    this.#byPlace.set(place, watchers.add(watcher));
    this.#size++;
  }

  remove(watcher: Watcher): void {
    const place = placeOf(watcher.filter.name, watcher.filter.key);
    const watchers = this.#byPlace.get(place);
    if (watchers === undefined || !watchers.delete(watcher)) return;
    this.#size--;
    if (watchers.size === 0) this.#byPlace.delete(place);
  }

  /** The watchers of an event. */
  *of({ name, key }: OutboxEvent): Iterable<Watcher> {
    yield* this.#byPlace.get(placeOf(name, undefined)) ?? NOBODY;
    if (key !== null) yield* this.#byPlace.get(placeOf(name, key)) ?? NOBODY;
  }
}

/** Names have no space. */
function placeOf(name: string, key: string | undefined): string {
  return key === undefined ? name : `${name} ${key}`;
}
