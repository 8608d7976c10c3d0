/** A route of the bench in a process of its own, which waits between its turns. */
import { lines } from "./lines.ts";

/** What a worker tells once it is warm. */
export interface Ready {
  readonly description: string;
  /** Losses of the first steps, or sums of scores: all routes must agree. */
  readonly check: readonly number[];
  /** Seconds of the first step: recording and compiling. */
  readonly first: number;
}

/** What a worker tells after a turn. */
export interface Turn {
  /** Of each step. */
  readonly seconds: number[];
  /** Of all cores, of all steps together. */
  readonly cpuSeconds?: number;
}

export class RouteProcess {
  #process: Deno.ChildProcess;
  #input: WritableStreamDefaultWriter<Uint8Array>;
  #output: AsyncGenerator<string>;

  /** @param command program and arguments */
  constructor([program, ...args]: readonly [string, ...string[]]) {
    this.#process = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = lines(this.#process.stdout);
  }

  async start(job: object): Promise<Ready> {
    return await this.#ask(JSON.stringify(job));
  }

  /** Times `count` steps. */
  async turn(count: number): Promise<Turn> {
    return await this.#ask<Turn>(String(count));
  }

  /** Largest resident memory so far, in bytes; undefined where the system does not tell (not Linux). */
  peakMemory(): number | undefined {
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#process.pid}/status`);
      const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
    } catch {
      return undefined;
    }
  }

  async end(): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#process.status;
  }

  async #ask<Answer>(line: string): Promise<Answer> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
    for (;;) {
      const { value, done } = await this.#output.next();
      if (done) throw new Error("a route of the bench ended early; its error stands above");
      if (value.startsWith("{")) return JSON.parse(value);
    }
  }
}
