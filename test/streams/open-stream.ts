import { type ClientRequest, request as httpRequest } from "node:http";

/** What a client of one stream has seen. */
export interface OpenedStream {
  /** All text that came so far. */
  text(): string;
  /** The code of the error event; undefined while there is none. */
  refusal(): string | undefined;
  /** Whether the server has ended it. */
  isOver(): boolean;
  /** The client goes away. */
  close(): void;
}

/** How a stream is asked for. */
export interface StreamRequest {
  readonly user?: string;
  readonly input?: unknown;
}

/** Opens a subscription on a connection of its own, as a browser's EventSource does. */
export function openStream(url: string, path: string, { user, input }: StreamRequest = {}): OpenedStream {
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const headers = { accept: "text/event-stream", ...(user === undefined ? {} : { authorization: user }) };
  let text = "";
  let isOver = false;
  const request: ClientRequest = httpRequest(`${url}/trpc/${path}${query}`, { headers, agent: false }, (response) => {
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      text += chunk;
    });
    response.on("end", () => {
      isOver = true;
    });
    response.on("error", () => {
      isOver = true;
    });
  });
  request.on("error", () => {
    isOver = true;
  });
  request.end();
  return {
    text: () => text,
    refusal: () => /event: serialized-error\ndata: .*?"data":\{"code":"(\w+)"/.exec(text)?.[1],
    isOver: () => isOver,
    close: () => request.destroy(),
  };
}
