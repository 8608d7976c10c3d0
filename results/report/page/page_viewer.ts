/** The page's viewer of attentions: its frame and its data; the page's script fills it. */
import type { AttentionPairs } from "../../findings/attention_pairs.ts";
import { type Html, jsonText, markup } from "./html.ts";
import { howMade } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function viewerSection(attention: AttentionPairs | undefined, results: CommandPlace): Html {
  if (attention === undefined) {
    return markup`<p>No attention is stored: <code>analyse_attention</code> keeps that of a few pairs
(<code>samples</code>), and no run of it is complete or keeps any.</p>`;
  }
  const { variants, pictures, left, question } = attention;
  const choice = (id: string, label: string) =>
    markup`<label for="${id}">${label}<select id="${id}"></select></label>`;
  return markup`
    <p>What the distances are made of. Words attend to regions along the lines; a word or a
    region that is chosen shows its own lines alone. Below, the words' own attention (S<sub>LL</sub>)
    beside that of the regions, brought to the words by the alignment (aligned S<sub>VV</sub>): the
    distance says how much the two differ. What stands side by side has one scale of colours. Other pairs
are kept where <code>samples</code> of <code>analyse_attention</code> names their captions.</p>
    <div id="viewer">
      <div class="choices" role="group" aria-label="What to look at">
    ${choice("viewer-variant", "variant")}
    ${choice("viewer-pair", "pair")}
    ${choice("viewer-layer", "layer")}
    ${choice("viewer-alignment", "alignment")}
    ${choice("viewer-other", "beside it")}
      </div>
      <p id="viewer-distance" aria-live="polite"></p>
      <div class="viewer-panels">
        <div class="viewer-panel" id="viewer-first"></div>
        <div class="viewer-panel" id="viewer-second" hidden></div>
      </div>
    </div>
    ${
    left.length === 0
      ? undefined
      : markup`<p class="note">The page has no room for the attentions of
${left.join(", ")}; they lie in the artifacts.</p>`
  }
    <script type="application/json" id="attention-data">${jsonText({ variants, pictures })}</script>
    ${howMade([question], results)}
  `;
}
