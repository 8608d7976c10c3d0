/** What a program takes and returns: its tensors, found in an order that depends on names alone. */
import * as tf from "@tensorflow/tfjs-core";

/** Tensors, in any nesting of lists and objects. */
export type TensorTree = tf.Tensor | readonly TensorTree[] | {
  readonly [name: string]: TensorTree;
};

/** The tensors of a tree, in the order of its keys, with their paths. */
export function leaves(tree: TensorTree, path = ""): { path: string; tensor: tf.Tensor }[] {
  if (tree instanceof tf.Tensor) return [{ path, tensor: tree }];
  return Object.entries(tree).flatMap(([name, part]) =>
    leaves(part as TensorTree, path === "" ? name : `${path}.${name}`)
  );
}

/** A tree of the same form with other tensors, in the order of `leaves`. */
export function replaceLeaves(
  tree: TensorTree | Skeleton,
  tensors: readonly tf.Tensor[],
): TensorTree {
  let next = 0;
  const replace = (part: TensorTree | Skeleton): TensorTree => {
    if (part === leaf || part instanceof tf.Tensor) return tensors[next++]!;
    if (Array.isArray(part)) return part.map(replace);
    return Object.fromEntries(
      Object.entries(part).map(([name, inner]) => [name, replace(inner as TensorTree)]),
    );
  };
  return replace(tree);
}

const leaf: unique symbol = Symbol("tensor");
export type Skeleton = typeof leaf | readonly Skeleton[] | { readonly [name: string]: Skeleton };

/** The form of a tree without its tensors, which do not outlive the recording. */
export function skeleton(tree: TensorTree): Skeleton {
  if (tree instanceof tf.Tensor) return leaf;
  if (Array.isArray(tree)) return tree.map(skeleton);
  return Object.fromEntries(
    Object.entries(tree).map(([name, part]) => [name, skeleton(part as TensorTree)]),
  );
}
