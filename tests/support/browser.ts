/** A real browser without a window, if one is installed. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = [
  Deno.env.get("CHROMIUM") ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of the program; undefined if there is none. */
export const browserProgram: string | undefined = places.find((path) =>
  path !== "" && existsSync(path)
);

/** Starts the browser; whoever starts it closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserProgram!,
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

export async function withBrowser<Result>(
  use: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await launchBrowser();
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}
