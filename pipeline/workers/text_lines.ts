/** Bytes of UTF-8 in, lines without their end out. */
export class TextLineStream {
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;

  constructor() {
    const decoder = new TextDecoderStream();
    let rest = "";
    const lines = new TransformStream<string, string>({
      transform(chunk, controller) {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop()!;
        for (const part of parts) controller.enqueue(part);
      },
      flush(controller) {
        if (rest !== "") controller.enqueue(rest);
      },
    });
    this.writable = decoder.writable as WritableStream<Uint8Array<ArrayBuffer>>;
    this.readable = decoder.readable.pipeThrough(lines);
  }
}
