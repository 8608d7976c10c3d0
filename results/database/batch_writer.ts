/**
 * Collects what there is to write and writes it in batches, with pauses in which others can have
 * the file: each is at least as long as the file was held before it.
 */
export interface BatchWriter<Note> {
  /** Resolves when the note is written, or was given up. */
  add(note: Note): Promise<void>;
  /** Writes what waits without a pause; resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

export interface BatchOptions<Note> {
  /** @returns what could not be written now and goes with the next batch */
  write(notes: readonly Note[]): Promise<readonly Note[]>;
  /** From the beginning of one batch to the next, at least; milliseconds. */
  readonly pace?: number;
}

export function batchWriter<Note>(
  { write, pace = 500 }: BatchOptions<Note>,
): BatchWriter<Note> {
  let waiting: Note[] = [];
  let kept: readonly Note[] = [];
  let told = Promise.withResolvers<void>();
  let hurry = Promise.withResolvers<void>();
  let writing: Promise<void> | undefined;
  let free = 0;
  const writeOnce = async () => {
    const notes = [...kept, ...waiting];
    const { resolve, reject, promise } = told;
    promise.catch(() => {}); // Of kept notes alone nobody waits to hear.
    [kept, waiting, told] = [[], [], Promise.withResolvers()];
    const begun = performance.now();
    try {
      kept = await write(notes);
      resolve();
    } catch (error) {
      reject(error);
    }
    const ended = performance.now();
    free = Math.max(begun + pace, ended + (ended - begun));
  };
  const writeAll = async () => {
    do {
      await pauseUntil(free, hurry.promise);
      await writeOnce();
    } while (waiting.length > 0);
    // In the same breath as the look above: a note that comes later starts writing anew.
    writing = undefined;
  };
  const start = () => writing ??= writeAll();
  return {
    add(note) {
      waiting.push(note);
      const { promise } = told;
      void start();
      return promise;
    },
    async settled() {
      hurry.resolve();
      await writing;
      if (kept.length > 0) await start();
      hurry = Promise.withResolvers();
    },
  };
}

async function pauseUntil(time: number, hurried: Promise<void>): Promise<void> {
  const left = time - performance.now();
  if (left <= 0) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slept = new Promise<void>((resolve) => timer = setTimeout(resolve, left));
  await Promise.race([slept, hurried]);
  clearTimeout(timer);
}
