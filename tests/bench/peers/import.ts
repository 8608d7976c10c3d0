/** Fetches and loads the package that is named; fails if that is not possible. */
await import(Deno.args[0]!);
