/** Batches of which the next is made ready while one is worked on. */

export interface Decoded<Result> {
  readonly place: number;
  readonly result: Result;
}

/**
 * While one batch is worked on, the next is decoded. Nothing is being decoded any more when this ends,
 * however it ends: what decodes may be closed then. Of several failures the first by name is told.
 */
export async function* inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  decode: (item: Item) => Promise<Result>,
): AsyncGenerator<Decoded<Result>[]> {
  const start = (from: number) =>
    Promise.allSettled(
      items.slice(from, from + size).map(async (item, place) => ({
        place: from + place,
        result: await decode(item),
      })),
    );
  let next = start(0);
  try {
    for (let from = 0; from < items.length; from += size) {
      const batch = await next;
      const failed = batch.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      next = start(from + size);
      yield batch.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    }
  } finally {
    await next;
  }
}
