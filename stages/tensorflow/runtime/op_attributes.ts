/** Attributes of an op, as tfjs's kernels give them, set on an eager op or on a graph operation. */
import { dimensions, type Native } from "./native.ts";

/** Kinds of attribute, numbered as tfjs-node's binding numbers them (tfjs_binding.d.ts). */
export const attributeKinds = {
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_ATTR_RESOURCE: 8,
} as const;

/** Kinds that the package has no number for: attributes of eager ops alone. */
const TYPE_LIST = 100;
const FUNCTION = 101;

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[] | object;
}

/** @param value a `TF_DataType` */
export function typeAttribute(name: string, value: number): OpAttribute {
  return { name, type: attributeKinds.TF_ATTR_TYPE, value };
}

export function boolAttribute(name: string, value: boolean): OpAttribute {
  return { name, type: attributeKinds.TF_ATTR_BOOL, value };
}

export function intAttribute(name: string, value: number): OpAttribute {
  return { name, type: attributeKinds.TF_ATTR_INT, value };
}

/** @param value ASCII */
export function stringAttribute(name: string, value: string): OpAttribute {
  return { name, type: attributeKinds.TF_ATTR_STRING, value };
}

/** @param value `TF_DataType`s */
export function typeListAttribute(name: string, value: readonly number[]): OpAttribute {
  return { name, type: TYPE_LIST, value };
}

/** @param value the function's name */
export function functionAttribute(name: string, value: string): OpAttribute {
  return { name, type: FUNCTION, value };
}

/** @param target the prefix of the C functions: those of eager ops or those of graph operations */
export function setAttribute(
  native: Native,
  { target, op }: { readonly target: "TFE_Op" | "TF_"; readonly op: Deno.PointerValue },
  attribute: OpAttribute,
): void {
  const { c } = native;
  const name = native.name(attribute.name);
  const { type, value } = attribute;
  switch (type) {
    case attributeKinds.TF_ATTR_TYPE:
      return c[`${target}SetAttrType`](op, name, value as number);
    case attributeKinds.TF_ATTR_BOOL:
      return c[`${target}SetAttrBool`](op, name, value ? 1 : 0);
    case attributeKinds.TF_ATTR_FLOAT:
      return c[`${target}SetAttrFloat`](op, name, value as number);
    case attributeKinds.TF_ATTR_INT: {
      if (!Array.isArray(value)) return c[`${target}SetAttrInt`](op, name, BigInt(value as number));
      return c[`${target}SetAttrIntList`](op, name, dimensions(value), value.length);
    }
    case attributeKinds.TF_ATTR_STRING: {
      const bytes = new TextEncoder().encode(value as string);
      return c[`${target}SetAttrString`](op, name, bytes, BigInt(bytes.length));
    }
    case attributeKinds.TF_ATTR_SHAPE: {
      const shape = value as number[];
      if (target === "TF_") return c.TF_SetAttrShape(op, name, dimensions(shape), shape.length);
      c.TFE_OpSetAttrShape(op, name, dimensions(shape), shape.length, native.status);
      return native.check(`set the shape attribute ${attribute.name}`);
    }
    case TYPE_LIST: {
      const types = Int32Array.from([...value as number[], 0]); // no pointer to nothing
      return c.TFE_OpSetAttrTypeList(op, name, types, types.length - 1);
    }
    case FUNCTION: {
      const bytes = new TextEncoder().encode(value as string);
      return c.TFE_OpSetAttrFunctionName(op, name, bytes, BigInt(bytes.length));
    }
    default:
      throw new Error(`internal: attribute \`${attribute.name}\` of unknown kind ${type}`);
  }
}
