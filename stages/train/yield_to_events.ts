/** Lets messages and signals in between two steps of a loop that otherwise never waits. */
export async function yieldToEvents(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
