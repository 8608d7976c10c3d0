/** A thread that writes and reads one compiled function over and over, as processes do at the same time. */
import { CompiledFiles } from "../../stages/tensorflow/compiled/compiled_files.ts";

export interface WriterRequest {
  readonly folder: string;
  /** Value of all bytes that this thread writes. */
  readonly byte: number;
  readonly times: number;
}

/** What was read: missing, the number of bytes of each value, or something else. */
export type WriterAnswer = readonly string[];

self.onmessage = ({ data }: MessageEvent<WriterRequest>) => {
  const files = new CompiledFiles(data.folder);
  const found = new Set<string>();
  for (let time = 0; time < data.times; time++) {
    const bytes = new Uint8Array(100_000 + data.byte).fill(data.byte);
    files.write("step", { name: `of_${data.byte}.pb`, bytes });
    const read = files.read("step");
    const equal = read?.bytes.every((byte) => byte === read.bytes[0]);
    found.add(read === undefined ? "missing" : `${read.name} ${read.bytes.length} ${equal}`);
  }
  self.postMessage([...found]);
};
