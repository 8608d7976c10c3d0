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

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[] | object;
}

export function setEagerAttribute(native: Native, op: Deno.PointerValue, a: OpAttribute): void {
  const { c } = native;
  const name = native.name(a.name);
  switch (a.type) {
    case attributeKinds.TF_ATTR_TYPE:
      return c.TFE_OpSetAttrType(op, name, a.value as number);
    case attributeKinds.TF_ATTR_BOOL:
      return c.TFE_OpSetAttrBool(op, name, a.value ? 1 : 0);
    case attributeKinds.TF_ATTR_FLOAT:
      return c.TFE_OpSetAttrFloat(op, name, a.value as number);
    case attributeKinds.TF_ATTR_INT: {
      if (!Array.isArray(a.value)) return c.TFE_OpSetAttrInt(op, name, BigInt(a.value as number));
      return c.TFE_OpSetAttrIntList(op, name, dimensions(a.value), a.value.length);
    }
    case attributeKinds.TF_ATTR_STRING: {
      const bytes = new TextEncoder().encode(a.value as string);
      return c.TFE_OpSetAttrString(op, name, bytes, BigInt(bytes.length));
    }
    case attributeKinds.TF_ATTR_SHAPE: {
      const shape = a.value as number[];
      c.TFE_OpSetAttrShape(op, name, dimensions(shape), shape.length, native.status);
      return native.check(`set the shape attribute ${a.name}`);
    }
    default:
      throw new Error(`internal: attribute \`${a.name}\` of unknown kind ${a.type}`);
  }
}

export function setGraphAttribute(native: Native, op: Deno.PointerValue, a: OpAttribute): void {
  const { c } = native;
  const name = native.name(a.name);
  switch (a.type) {
    case attributeKinds.TF_ATTR_TYPE:
      return c.TF_SetAttrType(op, name, a.value as number);
    case attributeKinds.TF_ATTR_BOOL:
      return c.TF_SetAttrBool(op, name, a.value ? 1 : 0);
    case attributeKinds.TF_ATTR_FLOAT:
      return c.TF_SetAttrFloat(op, name, a.value as number);
    case attributeKinds.TF_ATTR_INT: {
      if (!Array.isArray(a.value)) return c.TF_SetAttrInt(op, name, BigInt(a.value as number));
      return c.TF_SetAttrIntList(op, name, dimensions(a.value), a.value.length);
    }
    case attributeKinds.TF_ATTR_STRING: {
      const bytes = new TextEncoder().encode(a.value as string);
      return c.TF_SetAttrString(op, name, bytes, BigInt(bytes.length));
    }
    case attributeKinds.TF_ATTR_SHAPE: {
      const shape = a.value as number[];
      return c.TF_SetAttrShape(op, name, dimensions(shape), shape.length);
    }
    default:
      throw new Error(`internal: attribute \`${a.name}\` of unknown kind ${a.type}`);
  }
}
