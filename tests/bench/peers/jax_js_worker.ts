/**
 * The route `jax-js`: the same model, loss, clipping and AdamW on the same numbers, written for
 * @jax-js/jax and compiled by its `jit` to WebAssembly, which computes in float32. Runs under the
 * `deno.json` beside it, which has the package.
 *
 * An array is freed when it is used: `.ref` counts one use more.
 */
import { updateScalars } from "../../../stages/train/adamw.ts";
import { answerTurns } from "../answer_turns.ts";
import { imageSeed, spreadNumbers, startValues, textSeed, type Workload } from "../workload.ts";

const { init, jit, nn, numpy: np, valueAndGrad } = await import("@jax-js/jax" as string);

/** As far as it is used here. */
interface JaxArray {
  readonly ref: JaxArray;
  readonly shape: number[];
  add(x: JaxArray | number): JaxArray;
  sub(x: JaxArray | number): JaxArray;
  mul(x: JaxArray | number): JaxArray;
  div(x: JaxArray | number): JaxArray;
  reshape(shape: number[]): JaxArray;
  slice(...range: (number | [number, number] | [])[]): JaxArray;
  dataSync(): Float32Array;
  dispose(): void;
}

type Named = Record<string, JaxArray>;

interface Batch {
  readonly [name: string]: JaxArray;
  readonly text: JaxArray;
  readonly wordMask: JaxArray;
  readonly image: JaxArray;
  readonly regionMask: JaxArray;
}

/** The raw rank score of each pair; uses up weights and batch. */
function pairScores(job: Workload, weights: Named, batch: Batch): JaxArray {
  const { pairs, positions, hidden: width, layers, heads } = job;

  const dense = (x: JaxArray, name: string): JaxArray => {
    const { [`${name}.weight`]: weight, [`${name}.bias`]: bias } = weights;
    return np.matmul(x, np.matrixTranspose(weight!)).add(bias!);
  };
  const norm = (x: JaxArray, name: string): JaxArray => {
    const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
    const variance: JaxArray = np.mean(np.square(centred.ref), -1, { keepdims: true });
    const { [`${name}.weight`]: weight, [`${name}.bias`]: bias } = weights;
    return centred.div(np.sqrt(variance.add(1e-12))).mul(weight!).add(bias!);
  };
  const inHeads = (x: JaxArray, rows: number): JaxArray =>
    np.transpose(x.reshape([pairs, rows, heads, width / heads]), [0, 2, 1, 3]);

  /** Queries, output and feed-forward for the first `rows` positions of each pair. */
  const encoderLayer = (hidden: JaxArray, keyBias: JaxArray, layer: number, rows: number) => {
    const name = `uniter.encoder.layer.${layer}`;
    const asking = rows === positions ? hidden.ref : hidden.ref.slice([], [0, rows], []);
    const of = (x: JaxArray, places: number, part: string) =>
      inHeads(
        dense(x.reshape([pairs * places, width]), `${name}.attention.self.${part}`),
        places,
      );
    const query = of(asking.ref, rows, "query");
    const key = of(hidden.ref, positions, "key");
    const value = of(hidden, positions, "value");
    const logits: JaxArray = np.matmul(query, np.matrixTranspose(key));
    const attention = nn.softmax(logits.mul((width / heads) ** -0.5).add(keyBias), -1);
    const context: JaxArray = np.transpose(np.matmul(attention, value), [0, 2, 1, 3]);
    const flat = (x: JaxArray) => x.reshape([pairs * rows, width]);
    const attended = norm(
      dense(flat(context), `${name}.attention.output.dense`).add(flat(asking)),
      `${name}.attention.output.LayerNorm`,
    );
    const wide = nn.gelu(dense(attended.ref, `${name}.intermediate.dense`), {
      approximate: false,
    });
    const made = norm(
      dense(wide, `${name}.output.dense`).add(attended),
      `${name}.output.LayerNorm`,
    );
    return made.reshape([pairs, rows, width]);
  };

  const mask: JaxArray = np.concatenate([batch.wordMask, batch.regionMask], 1);
  const keyBias = mask.sub(1).mul(10000).reshape([pairs, 1, 1, positions]);
  let hidden: JaxArray = np.concatenate([batch.text, batch.image], 1);
  for (let layer = 0; layer < layers; layer++) {
    const isLast = layer === layers - 1;
    hidden = encoderLayer(hidden, isLast ? keyBias : keyBias.ref, layer, isLast ? 1 : positions);
  }
  const pooled = np.tanh(dense(hidden.reshape([pairs, width]), "uniter.pooler.dense"));
  return dense(pooled, "rank_output").reshape([pairs]);
}

interface State {
  readonly [name: string]: Named;
  readonly weights: Named;
  readonly first: Named;
  readonly second: Named;
}

/** Clipping and AdamW, as in stages/train/adamw.ts; uses up all that it is given. */
function clippedUpdate(
  job: Workload,
  { weights, first, second }: State,
  gradients: Named,
  { learningRate, stepSize }: { learningRate: JaxArray; stepSize: JaxArray },
): State {
  const squares = Object.values(gradients).map((g): JaxArray => np.sum(np.square(g.ref)));
  const length: JaxArray = np.sqrt(squares.reduce((sum, x) => sum.add(x)));
  const scale: JaxArray = np.minimum(np.divide(job.clip, length.add(1e-6)), 1);
  const next = { weights: {} as Named, first: {} as Named, second: {} as Named };
  const shrinkage = learningRate.mul(job.decay);
  for (const { name, decays } of job.parameters) {
    const gradient = gradients[name]!.mul(scale.ref);
    const m = first[name]!.mul(job.beta1).add(gradient.ref.mul(1 - job.beta1));
    const v = second[name]!.mul(job.beta2).add(np.square(gradient).mul(1 - job.beta2));
    const direction = m.ref.div(np.sqrt(v.ref).add(job.eps));
    const moved = weights[name]!.sub(direction.mul(stepSize.ref));
    next.weights[name] = decays ? moved.ref.sub(moved.mul(shrinkage.ref)) : moved;
    next.first[name] = m;
    next.second[name] = v;
  }
  for (const scalar of [scale, shrinkage, stepSize]) scalar.dispose();
  return next;
}

/** The whole training step is one program. */
function trainer(job: Workload): () => number {
  const lossOf = (weights: Named, batch: Batch): JaxArray =>
    np.mean(nn.sigmoid(pairScores(job, weights, batch)));
  const program = jit((state: State, batch: Batch, scalars: never) => {
    const weights = Object.fromEntries(
      Object.entries(state.weights).map(([name, x]) => [name, x.ref]),
    );
    const [loss, gradients] = valueAndGrad(lossOf)(weights, batch);
    return { loss, state: clippedUpdate(job, state, gradients, scalars) };
  });
  const { weights, batch } = firstInputs(job);
  const zeros = () =>
    Object.fromEntries(job.parameters.map(({ name, shape }) => [name, np.zeros([...shape])]));
  let state: State = { weights, first: zeros(), second: zeros() };
  let updates = 0;
  return () => {
    const { learningRate, stepSize } = updateScalars(++updates, job.learningRate, job);
    const scalars = { learningRate: np.array(learningRate), stepSize: np.array(stepSize) };
    const made = program(state, referenced(batch), scalars);
    state = made.state;
    const loss = made.loss.dataSync()[0];
    for (const weight of Object.values(state.weights)) weight.ref.dataSync(); // computed when read
    return loss;
  };
}

function firstInputs({ parameters, pairs, positions, words, hidden }: Workload) {
  const array = (values: Float32Array, shape: readonly number[]): JaxArray =>
    np.array(values).reshape([...shape]);
  const embedding = (places: number, seed: number) =>
    array(spreadNumbers(pairs * places * hidden, seed), [pairs, places, hidden]);
  const weights: Named = Object.fromEntries(
    parameters.map((p, place) => [p.name, array(startValues(p, place), p.shape)]),
  );
  const batch: Batch = {
    text: embedding(words, textSeed),
    wordMask: np.ones([pairs, words]),
    image: embedding(positions - words, imageSeed),
    regionMask: np.ones([pairs, positions - words]),
  };
  return { weights, batch };
}

function referenced(batch: Batch): Batch {
  return Object.fromEntries(Object.entries(batch).map(([name, x]) => [name, x.ref])) as Batch;
}

await answerTurns(async (job) => {
  if (job.task !== "training") throw new Error("only training is written for jax-js");
  await init("wasm");
  return { description: "@jax-js/jax 0.1.25, wasm", step: trainer(job) };
});
