/** The parts of a mail that the shop reads. */
export interface ParsedMail {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Reads a mail that has one plain text part, like each mail that the shop sends.
 *
 * Shape: an empty text for a missing header. Source: RFC 5322, and RFC 2045 for the encodings of the body.
 */
export function parseMail(raw: Buffer): ParsedMail {
  const text = raw.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const headers = headersOf(end === -1 ? text : text.slice(0, end));
  const body = end === -1 ? "" : text.slice(end + 4);
  const of = (name: string): string => headers.get(name) ?? "";
  return {
    messageId: of("message-id"),
    to: of("to"),
    subject: of("subject"),
    text: decoded(body, of("content-transfer-encoding").toLowerCase()).replaceAll("\r\n", "\n"),
  };
}

function headersOf(head: string): Map<string, string> {
  const lines = head.replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
}

function decoded(body: string, encoding: string): string {
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  if (encoding !== "quoted-printable") return Buffer.from(body, "latin1").toString("utf8");
  const bytes = body.replaceAll("=\r\n", "").replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
