/** Reads a source sequentially in small pieces, through a buffer of 64 KB. */
import type { ByteSource } from "./byte_source.ts";
import type { Wrong } from "./foreign_file.ts";

const WINDOW = 1 << 16;

export class ByteCursor {
  /** Bytes [windowStart, windowStart + window.length) of the source. */
  #window = new Uint8Array();
  #windowStart = 0;

  constructor(
    readonly source: ByteSource,
    /** Offset of the next byte. */
    public position: number,
    readonly wrong: Wrong,
  ) {}

  byte(): number {
    let at = this.position - this.#windowStart;
    if (at < 0 || at >= this.#window.length) {
      this.#fill(1);
      at = 0;
    }
    this.position++;
    return this.#window[at]!;
  }

  /** The next `count` bytes: a view that is valid until the next call. */
  take(count: number): Uint8Array {
    const at = this.position - this.#windowStart;
    if (at < 0 || at + count > this.#window.length) {
      this.#fill(count);
      return this.take(count);
    }
    this.position += count;
    return this.#window.subarray(at, at + count);
  }

  /** Bytes up to the next newline, which is consumed but not returned. */
  line(longest: number): Uint8Array {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== 10; byte = this.byte()) {
      if (bytes.length === longest) {
        throw this.wrong(`the line at byte ${this.position} is too long`);
      }
      bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  }

  #fill(needed: number): void {
    const left = this.source.size - this.position;
    if (needed > left) {
      throw this.wrong(
        `unexpected end of file: ${needed} bytes expected at byte ${this.position}, ${left} left`,
      );
    }
    const window = new Uint8Array(Math.min(left, Math.max(needed, WINDOW)));
    this.source.read(this.position, window);
    [this.#window, this.#windowStart] = [window, this.position];
  }
}
