import { choose } from "../../../stages/choose.ts";

/** The product's own `choose`: it copies files and reads rows, whatever the models are. */
export const toyChoose = { ...choose, name: "toy_choose" };
