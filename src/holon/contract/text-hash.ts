/**
 * A short name for a text: 16 hexadecimal digits.
 *
 * Two texts of the same kind practically never have the same hash, but an attacker can make two that do. So use it to distinguish versions, not to detect
 * tampering. It is written out here because contracts run in browsers, whose own hashes are asynchronous.
 *
 * Source: the mixing steps of MurmurHash3 (Appleby), applied to two halves.
 */
export function textHash(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x5f356495);
  }
  const [one, two] = [mix(high) ^ mix(low ^ text.length), mix(low) ^ mix(high + 1)];
  return hex(one) + hex(two);
}

function mix(half: number): number {
  let value = half ^ (half >>> 16);
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return value ^ (value >>> 16);
}

function hex(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}
