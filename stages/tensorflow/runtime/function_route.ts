/** How TensorFlow runs a function, as attributes of its call. */
import { boolAttribute, type OpAttribute, stringAttribute } from "./op_attributes.ts";

/**
 * How a function is run: compiled by XLA; op by op; or op by op after TensorFlow's optimiser has fused what
 * its library can compute together, such as a convolution with its bias and activation.
 */
export type FunctionRoute = "xla" | "ops" | "fused ops";

export function routeAttributes(route: FunctionRoute): OpAttribute[] {
  switch (route) {
    case "xla":
      return [boolAttribute("_XlaMustCompile", true)];
    case "fused ops":
      return [stringAttribute("config_proto", remapping)];
    case "ops":
      return [];
    default:
      return route satisfies never;
  }
}

/** ConfigProto: graph_options (10) { rewrite_options (10) { remapping (14): ON (1) } }; all of it is ASCII. */
const remapping = "\x52\x04\x52\x02\x70\x01";
