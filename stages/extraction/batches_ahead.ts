/** Batch processing with prefetching. */

export interface Decoded<Result> {
  /** Index of the item. */
  readonly place: number;
  readonly result: Result;
}

/**
 * Decodes the next batch while the caller processes the current one. When the generator ends, however it ends,
 * no decoding is in progress, so resources of the decoder may be closed. If several items fail, the error of the
 * first is thrown.
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
