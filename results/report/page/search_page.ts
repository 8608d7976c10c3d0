/** The answer of a search as one page that needs no network. */
import { escapeHtml, pageStyle, pageText, pictureHtml } from "./page_text.ts";

export interface SearchPage {
  readonly query: string;
  readonly experiment: string;
  /** Label of the model that was asked. */
  readonly model: string;
  readonly split: string;
  /** Best first. */
  readonly answers: readonly {
    readonly image: string;
    readonly caption?: string;
    readonly text?: string;
    readonly score: number;
    /** data URL */
    readonly thumbnail?: string;
  }[];
  /** Of the picture that was asked with. */
  readonly thumbnail?: string;
}

const style = `${pageStyle}
.asked { max-height: 14rem; border-radius: .5rem; }
`;

export function searchPage(
  { query, experiment, model, split, answers, thumbnail }: SearchPage,
): string {
  const items = answers.map(({ image, text, score, thumbnail }, place) => {
    const what = text ?? image;
    const picture = pictureHtml(thumbnail, image);
    const name = text === undefined ? "" : `<br>${escapeHtml(image)}`;
    return `<li>${picture}<div><b>${place + 1}.</b> ${escapeHtml(what)}${name}<br>` +
      `score <b>${score.toFixed(3)}</b></div></li>`;
  });
  const asked = thumbnail === undefined
    ? ""
    : `<p><img class="asked" src="${
      escapeHtml(thumbnail)
    }" alt="the picture that was asked with"></p>`;
  const body = `<h1>${escapeHtml(query)}</h1>
<p>${escapeHtml(experiment)}, ${escapeHtml(model)}, split ${escapeHtml(split)}; best first</p>
${asked}
<ol>
${items.join("\n")}
</ol>`;
  return pageText({ title: `${query} · ${experiment}`, style, body });
}
