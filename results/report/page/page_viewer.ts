/** The page's viewer of attentions: its frame and its data, which the page's script renders. */
import type { AttentionPairs } from "../../findings/attention_pairs.ts";
import { type Html, jsonText, markup } from "./html.ts";
import { howToReproduce } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function viewerSection(attention: AttentionPairs | undefined, results: CommandPlace): Html {
  if (attention === undefined) {
    return markup`<p>No attention is stored: <code>analyse_attention</code> stores that of a few pairs
(<code>samples</code>), but no complete run of it stored any.</p>`;
  }
  const { variants, pictures, left, question } = attention;
  const choice = (id: string, label: string) =>
    markup`<label for="${id}">${label}<select id="${id}"></select></label>`;
  return markup`
    <p>The attentions behind the distances. Lines show how strongly words attend to regions; select a
    word or a region to see only its lines. The tables compare the attention among words
    (S<sub>LL</sub>) with the attention among regions after the alignment has mapped it onto the words
    (aligned S<sub>VV</sub>); ISD measures how much the two differ. Tables shown side by side share one
    colour scale. To store other pairs, name their captions in <code>samples</code> of
    <code>analyse_attention</code>.</p>
    <div id="viewer">
      <div class="choices" role="group" aria-label="What to show">
    ${choice("viewer-variant", "variant")}
    ${choice("viewer-pair", "pair")}
    ${choice("viewer-layer", "layer")}
    ${choice("viewer-alignment", "alignment")}
    ${choice("viewer-other", "compare with")}
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
      : markup`<p class="note">The attentions of ${left.join(", ")} do not fit on
this page; they are stored in the artifacts.</p>`
  }
    <script type="application/json" id="attention-data">${jsonText({ variants, pictures })}</script>
    ${howToReproduce([question], results)}
  `;
}
