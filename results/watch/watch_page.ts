/** The page around the live view. It listens for events and replaces the view with each of them. */
import { partOfPage } from "../report/page/html.ts";

const style = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem;
  color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
p { color: var(--soft); margin: .25rem 0 1rem; }
#view { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 32rem), 1fr)); gap: 1rem 2rem; }
#view > h1, #view > p, #view > h2, #view > .wide { grid-column: 1 / -1; margin: 0; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; }
svg.chart { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--soft); }
tr.running { font-weight: 600; }
tr.running th { font-weight: 600; }
tr.failed td:nth-child(2) { font-weight: 600; text-decoration: underline; }
`;

/** If the server is gone, the last view stays and the line above it says so. */
const script = `
const state = document.getElementById("state"), view = document.getElementById("view");
const events = new EventSource("events");
events.onopen = () => state.textContent = "live";
events.onerror = () => state.textContent = "not connected: the command has ended or is restarting";
events.onmessage = ({ data }) => {
  const { html } = JSON.parse(data);
  view.innerHTML = html;
  state.textContent = "live";
};
`;

/** @param nonce for the content security policy of this response */
export function watchPage(nonce: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>watch</title>
<style nonce="${nonce}">${partOfPage("colours.css")}${style}</style>
<p id="state" role="status">connecting</p>
<main id="view"></main>
<script nonce="${nonce}">${script}</script>
</html>
`;
}
