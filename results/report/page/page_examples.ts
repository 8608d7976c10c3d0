/** The page's section on single queries: what each variant found, right or wrong. */
import type {
  DescribedAnswer,
  DescribedExamples,
  DescribedQuery,
} from "../../findings/described_examples.ts";
import { type Html, markup } from "./html.ts";
import { howMade } from "./page_parts.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

type Pictures = DescribedExamples["pictures"];

export function examplesSection(
  { stage, queries, pictures, question }: DescribedExamples,
  results: CommandPlace,
): Html {
  if (queries.length === 0) {
    return markup`<p>No ranked query is stored.</p>${howMade([question], results)}`;
  }
  const compared = stage === undefined
    ? markup`the evaluations answer most differently`
    : markup`the variants of <code>${stage}</code> answer most differently; of each variant
the answers of its first seed, and in how many seeds it was right`;
  return markup`<p>The queries that ${compared}. A check mark says that the best answer is right.</p>
<div class="examples">${queries.map((query) => exampleCard(query, pictures))}</div>
${howMade([question], results)}`;
}

function exampleCard(query: DescribedQuery, pictures: Pictures): Html {
  const { direction, query: id, text, image, wanted, answers, left } = query;
  const asked = direction === "t2i"
    ? markup`<p class="asks"><span class="tag">caption asks</span> ${text ?? id}</p>
${
      image === undefined
        ? undefined
        : markup`<p class="wanted">${picture(image, pictures)}<span>the
right image</span></p>`
    }`
    : markup`<p class="asks"><span class="tag">image asks</span> ${id}</p>
<p class="wanted">${picture(id, pictures)}<span>which caption?</span></p>
${
      wanted.length === 0
        ? undefined
        : markup`<details><summary>its captions (${wanted.length})</summary><ol class="i2t">${
          wanted.map((text) => markup`<li class="is-right">${text}</li>`)
        }</ol></details>`
    }`;
  return markup`<article class="example"><header>${asked}</header>
<ul>${answers.map((answer) => answerItem(answer, { direction, pictures }))}</ul>
${left > 0 ? markup`<p class="note">and ${left} more variants</p>` : undefined}</article>`;
}

function answerItem(
  { variant, rank, right, runs, top, best }: DescribedAnswer,
  { direction, pictures }: { direction: "i2t" | "t2i"; pictures: Pictures },
): Html {
  const isRight = rank === 1;
  const over = runs === 1
    ? undefined
    : markup` <span class="tag">right in ${Math.round(right * runs)} of ${runs} seeds</span>`;
  return markup`
    <li class="${isRight ? "right" : "wrong"}">
      <p><span class="mark"
    aria-hidden="true">${isRight ? "✓" : "✗"}</span> <strong>${variant || "all"}</strong>: ${
    isRight ? "right" : `the right one is at rank ${rank}`
  }${over}</p>
      <ol class="${direction}">${
    top.map(({ id, text, isRight }) =>
      markup`<li class="${isRight ? "is-right" : ""}">${
        direction === "t2i" ? picture(id, pictures) : text ?? id
      }${isRight ? markup`<span class="hidden"> (right)</span>` : undefined}</li>`
    )
  }${
    best === undefined
      ? undefined
      : markup`<li class="is-right">right, at rank ${best.rank}: ${best.text}</li>`
  }</ol>
    </li>
  `;
}

function picture(id: string, pictures: Pictures): Html {
  const url = pictures.get(id);
  return url === undefined
    ? markup`<span class="no-picture">${id}</span>`
    : markup`<img src="${url}" alt="${id}">`;
}
