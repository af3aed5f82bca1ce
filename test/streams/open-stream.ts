import { type ClientRequest, request as httpRequest } from "node:http";

/** A client of one stream, and what it has received. */
export interface OpenedStream {
  /** All text that has come so far. */
  text(): string;
  /** The code of the error event; undefined before it comes. */
  refusal(): string | undefined;
  /** Whether the server has ended the stream. */
  isOver(): boolean;
  /** Closes the connection from the client's side. */
  close(): void;
}

/** The request for a stream. */
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
