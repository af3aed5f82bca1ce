import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** PEM texts of one process. */
interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A certificate authority for a test. It issues certificates for this machine. */
export class TestAuthority {
  readonly pem: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name: string) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    this.#name = name;
    this.#key = privateKey;
    this.pem = this.#certificate(name, publicKey, [BASIC_CONSTRAINTS, BOOLEAN_TRUE, octets(sequence(BOOLEAN_TRUE))]);
  }

  /** Issues a key and a certificate for an address. The result also has the certificate of the authority that its owner trusts. */
  issue(address = [127, 0, 0, 1], trusted: TestAuthority = this): TestCertificate {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const cert = this.#certificate("process", publicKey, [ALTERNATIVE_NAME, octets(sequence(tlv(0x87, Buffer.from(address))))]);
    return { cert, key: String(privateKey.export({ format: "pem", type: "pkcs8" })), ca: trusted.pem };
  }

  /** Makes a certificate with only the fields that a TLS library requires. Source: RFC 5280, and RFC 8410 for the algorithm. */
  #certificate(subject: string, publicKey: KeyObject, extension: readonly Buffer[]): string {
    const body = sequence(
      tlv(0xa0, tlv(0x02, Buffer.from([2]))),
      tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ED25519,
      nameOf(this.#name),
      sequence(tlv(0x18, Buffer.from("20200101000000Z")), tlv(0x18, Buffer.from("20991231235959Z"))),
      nameOf(subject),
      publicKey.export({ format: "der", type: "spki" }),
      tlv(0xa3, sequence(sequence(...extension))),
    );
    const signature = tlv(0x03, Buffer.concat([Buffer.from([0]), sign(null, body, this.#key)]));
    const lines =
      sequence(body, ED25519, signature)
        .toString("base64")
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  }
}

const ED25519 = sequence(tlv(0x06, Buffer.from([0x2b, 0x65, 0x70])));
const BASIC_CONSTRAINTS = tlv(0x06, Buffer.from([0x55, 0x1d, 0x13]));
const ALTERNATIVE_NAME = tlv(0x06, Buffer.from([0x55, 0x1d, 0x11]));
const BOOLEAN_TRUE = tlv(0x01, Buffer.from([0xff]));

function nameOf(name: string): Buffer {
  return sequence(tlv(0x31, sequence(tlv(0x06, Buffer.from([0x55, 0x04, 0x03])), tlv(0x0c, Buffer.from(name)))));
}

function octets(content: Buffer): Buffer {
  return tlv(0x04, content);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
