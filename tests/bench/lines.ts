/** The lines of a stream of bytes. */
export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream() as never)) {
    const pieces = (rest + part).split("\n");
    rest = pieces.pop()!;
    yield* pieces;
  }
  if (rest !== "") yield rest;
}
