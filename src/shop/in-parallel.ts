/**
 * Runs a function for each item, a few at a time.
 *
 * Shape: the results in the order of the items. Errors: the first failure.
 */
export async function inParallel<Item, Result>(items: readonly Item[], concurrency: number, run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  return results;
}
