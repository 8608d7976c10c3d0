/** A real browser without a window, where one is installed. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const places = [
  Deno.env.get("CHROMIUM") ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of the program; undefined where there is none. */
export const browserProgram: string | undefined = places.find((path) =>
  path !== "" && existsSync(path)
);

export async function withBrowser<Result>(
  use: (browser: Browser) => Promise<Result>,
): Promise<Result> {
  const browser = await chromium.launch({
    executablePath: browserProgram!,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}
