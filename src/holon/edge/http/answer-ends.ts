import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Says when an answer is over: complete, or its connection closed.
 *
 * Node tells a closed connection only to the answer whose turn it is. One that waits behind another of its connection, because its client sent requests
 * without waiting for answers, would run on for a client that is gone, and be counted for ever.
 */
export class AnswerEnds {
  readonly #waiting = new WeakMap<Socket, Set<() => void>>();

  /** Calls once. */
  onEnd(request: IncomingMessage, response: ServerResponse, ended: () => void): void {
    if (response.socket !== null) {
      response.once("close", ended);
      return;
    }
    const waiting = this.#waitingOn(request.socket);
    const once = (): void => {
      if (waiting.delete(once)) ended();
    };
    waiting.add(once);
    response.once("close", once);
  }

  /** One listener for each connection: many would make Node warn of a leak. */
  #waitingOn(socket: Socket): Set<() => void> {
    const known = this.#waiting.get(socket);
    if (known !== undefined) return known;
    const waiting = new Set<() => void>();
    this.#waiting.set(socket, waiting);
    socket.once("close", () => {
      for (const end of [...waiting]) end();
    });
    return waiting;
  }
}
