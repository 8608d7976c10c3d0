/** OpenCV, compiled to WebAssembly: its loading, which costs a quarter of a second, is a call. */
import process from "node:process";
import type OpenCv from "@techstark/opencv-js";

export type Cv = typeof OpenCv;

export interface OpenedCv {
  readonly cv: Cv;
}

/**
 * Needs no right but to read the package; always one thread, so that the bits are always the same.
 * Wrapped, as the module has a `then` of its own that gives the module again: awaited, it never ends.
 */
export function openCv(): Promise<OpenedCv> {
  return opened ??= load();
}

let opened: Promise<OpenedCv> | undefined;

async function load(): Promise<OpenedCv> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  const { default: cv } = await import("@techstark/opencv-js");
  // it would end the process, with words of its own, on errors that are none of its business
  events.forEach((event, place) => {
    for (const listener of process.listeners(event as "uncaughtException")) {
      if (!before[place]!.includes(listener)) process.off(event, listener);
    }
  });
  if (cv.Mat === undefined) {
    await new Promise<void>((resolve) => cv.onRuntimeInitialized = () => resolve());
  }
  return { cv };
}
