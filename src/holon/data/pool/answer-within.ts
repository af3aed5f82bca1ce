/** How long a server may take to answer what ends a piece of work: a cancel request, a rollback, a commit whose scope is over. Units: milliseconds. */
export const ENDING_MS = 5_000;

/**
 * Waits for an answer of the server until the time limit, which a timer of this process keeps.
 *
 * `late` runs at most once, and only if there is no answer. It should cut the connection off, so that nothing waits for the answer any more.
 * Errors: the answer's; what `late` returns.
 */
export function answerWithin<Answer>(ms: number, answer: PromiseLike<Answer>, late: () => unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const settle = (): void => {
      isOver = true;
      clearTimeout(timer);
    };
    // An answer that arrived while this process was busy is read before the time is over.
    const timer = setTimeout(() => setImmediate(() => isOver || reject(late())), ms);
    answer.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
  });
}
