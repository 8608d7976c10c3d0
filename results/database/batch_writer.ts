/**
 * Collects notes and writes them in batches. Between two batches other processes can open the file:
 * each pause is at least as long as the preceding batch held it.
 */
export interface BatchWriter<Note> {
  /** Resolves when the note was written or dropped. */
  add(note: Note): Promise<void>;
  /** Writes all waiting notes without a pause; resolves when nothing is left to write. */
  settled(): Promise<void>;
}

export interface BatchOptions<Note> {
  /** @returns the notes that could not be written and go into the next batch */
  write(notes: readonly Note[]): Promise<readonly Note[]>;
  /** Shortest time from the start of one batch to the start of the next, in milliseconds. */
  readonly pace?: number;
}

export function batchWriter<Note>(
  { write, pace = 500 }: BatchOptions<Note>,
): BatchWriter<Note> {
  let waiting: Note[] = [];
  let kept: readonly Note[] = [];
  let written = Promise.withResolvers<void>();
  let hurry = Promise.withResolvers<void>();
  let writing: Promise<void> | undefined;
  let free = 0;
  const writeOnce = async () => {
    const notes = [...kept, ...waiting];
    const { resolve, reject, promise } = written;
    promise.catch(() => {}); // A batch of kept notes alone has nobody waiting for it.
    [kept, waiting, written] = [[], [], Promise.withResolvers()];
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
    // No await since the check above: a later note starts a new round.
    writing = undefined;
  };
  const start = () => writing ??= writeAll();
  return {
    add(note) {
      waiting.push(note);
      const { promise } = written;
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
