/** The page's script: sorts and copies tables, and shows attentions. No library, no network.
 * Over 300 lines: it is put into the page as a single script, which its policy names by digest. */
"use strict";

/** Tells screen readers. */
const announce = (text) => {
  document.getElementById("announcement").textContent = text;
};

/* Tables ------------------------------------------------------------------------------------ */

const sortValue = (cell) => {
  if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
  return cell.textContent.trim();
};

/** Numbers by value, texts in natural order; empty and missing cells come last. */
function compareCells(one, other) {
  const [a, b] = [sortValue(one), sortValue(other)];
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number" || b === "") return -1;
  if (typeof b === "number" || a === "") return 1;
  return a.localeCompare(b, "en", { numeric: true });
}

function sortTable(button) {
  const head = button.closest("th");
  const table = head.closest("table");
  const column = [...head.parentElement.children].indexOf(head);
  const numeric = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  const direction = before === null
    ? (numeric ? "descending" : "ascending")
    : before === "ascending"
    ? "descending"
    : "ascending";
  for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  const body = table.tBodies[0];
  const sign = direction === "ascending" ? 1 : -1;
  const isMissing = (cell) => cell.dataset.value === undefined && numeric;
  const rows = [...body.rows].sort((one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    if (isMissing(a) !== isMissing(b)) return isMissing(a) ? 1 : -1;
    return sign * compareCells(a, b);
  });
  body.append(...rows);
  announce(`sorted by ${button.textContent}, ${direction}`);
}

/** Cells separated by tabs, as spreadsheets paste them, without text for screen readers. */
function tableText(table) {
  const cellText = (cell) => {
    const shown = cell.cloneNode(true);
    for (const hidden of shown.querySelectorAll(".hidden")) hidden.remove();
    return shown.textContent.replace(/\s+/g, " ").trim();
  };
  return [...table.rows].map((row) => [...row.cells].map(cellText).join("\t")).join("\n");
}

async function copyText(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    button.focus();
  }
  announce(done ? "copied" : "the browser does not allow copying");
  const before = button.textContent;
  button.textContent = done ? "Copied" : "Not allowed";
  setTimeout(() => button.textContent = before, 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button === null) return;
  if (button.classList.contains("sort")) sortTable(button);
  if (button.classList.contains("copy")) {
    copyText(tableText(document.getElementById(button.dataset.copies)), button);
  }
  if (button.classList.contains("copy-code")) {
    copyText(button.parentElement.querySelector("code").textContent, button);
  }
});

/* Scrollable content ------------------------------------------------------------------------ */

/** Marks on which sides there is more to scroll to; the style fades the content out there. */
function markMore(place) {
  const { scrollLeft, scrollWidth, clientWidth } = place;
  const more = [
    ...(scrollLeft > 1 ? ["left"] : []),
    ...(scrollLeft + clientWidth < scrollWidth - 1 ? ["right"] : []),
  ];
  place.dataset.more = more.join(" ");
}

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) markMore(target.closest(".scroll, pre"));
});

function watchWidth(place) {
  place.addEventListener("scroll", () => markMore(place), { passive: true });
  resized.observe(place);
  for (const child of place.children) resized.observe(child);
}

for (const place of document.querySelectorAll(".scroll, .code pre")) watchWidth(place);

/* Attention viewer -------------------------------------------------------------------------- */

const svgNamespace = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Three significant digits. */
const digits = (value) => String(Number(value.toPrecision(3)));
const share = (thousandths) => `${(thousandths / 10).toFixed(1)} %`;

/** Words below each other, so that no line to a region passes behind another word. */
function wordPlaces(words) {
  const [high, gap] = [24, 4];
  const width = Math.min(150, Math.max(...words.map((word) => 14 + 7.6 * [...word].length), 0));
  return {
    width,
    height: Math.max(0, words.length * (high + gap) - gap),
    places: words.map((_, place) => ({ x: 0, y: place * (high + gap), width, height: high })),
  };
}

/**
 * Words, a picture with regions, and a line for each word and region, as wide as the attention.
 * @param most the attention of the widest line
 */
function crossDrawing(pair, layer, { picture, shape, width, most }) {
  const { places, width: left, height: wordsHigh } = wordPlaces(pair.words);
  const from = left + Math.min(60, 0.12 * width);
  const wide = width - from;
  const high = wide * shape.height / shape.width;
  const below = Math.max(0, (wordsHigh - high) / 2);
  for (const place of places) place.y += Math.max(0, (high - wordsHigh) / 2);
  const svg = drawn("svg", {
    class: "cross",
    viewBox: `-2 -2 ${width + 4} ${Math.max(high, wordsHigh) + 4}`,
    role: "group",
    "aria-label": "Words and regions; select one to see only its attention",
  });
  svg.append(
    picture === undefined
      ? drawn("rect", { class: "blank", x: from, y: below, width: wide, height: high })
      : drawn("image", { href: picture, x: from, y: below, width: wide, height: high }),
  );
  const regions = pair.boxes.map(([x1, y1, x2, y2]) => ({
    x: from + x1 * wide,
    y: below + y1 * high,
    width: (x2 - x1) * wide,
    height: (y2 - y1) * high,
  }));
  const lines = drawn("g", { "aria-hidden": "true" });
  const draw = (kind, chosen) => {
    lines.replaceChildren();
    layer.wordToRegion.forEach((row, word) => {
      row.forEach((forth, region) => {
        if (kind === "word" && word !== chosen) return;
        if (kind === "region" && region !== chosen) return;
        const weight = kind === "region" ? layer.regionToWord[region][word] : forth;
        const strength = weight / most;
        // With nothing selected: each word's strongest region, and all at twice an even share.
        const standsOut = forth === Math.max(...row) || forth >= 2000 / row.length;
        if (kind === undefined && !standsOut) return;
        const [a, b] = [places[word], regions[region]];
        lines.append(drawn("line", {
          x1: a.x + a.width,
          y1: a.y + a.height / 2,
          x2: b.x + b.width / 2,
          y2: b.y + b.height / 2,
          "stroke-width": (0.5 + 3.5 * strength).toFixed(2),
          opacity: Math.min(1, (kind === undefined ? 0.1 : 0.3) + 0.6 * strength).toFixed(2),
        }));
      });
    });
  };
  const buttons = [];
  const button = (kind, number, label, ...parts) => {
    const made = drawn("g", {
      class: kind,
      role: "button",
      tabindex: 0,
      "aria-pressed": "false",
      "aria-label": label,
    }, ...parts);
    const choose = () => {
      const pressed = made.getAttribute("aria-pressed") === "true";
      for (const other of buttons) other.setAttribute("aria-pressed", "false");
      made.setAttribute("aria-pressed", String(!pressed));
      if (pressed) draw();
      else draw(kind, number);
      if (!pressed) announce(label);
    };
    made.addEventListener("click", choose);
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
    buttons.push(made);
    return made;
  };
  const strongest = (weights, name) => {
    const best = weights.indexOf(Math.max(...weights));
    return best < 0 ? "" : `, strongest to ${name(best)}: ${share(weights[best])}`;
  };
  svg.append(
    ...regions.map((place, region) => {
      const text = `region ${region + 1}${
        strongest(layer.regionToWord[region], (word) => pair.words[word])
      }`;
      return button(
        "region",
        region,
        text,
        drawn("rect", place),
      );
    }),
    lines,
    drawn(
      "g",
      { class: "numbers", "aria-hidden": "true" },
      ...regions.flatMap((place, region) => {
        const [x, y] = [place.x + place.width / 2, place.y + place.height / 2];
        return [
          drawn("circle", { cx: x, cy: y, r: 9 }),
          drawn("text", { x, y: y + 4, "text-anchor": "middle" }, String(region + 1)),
        ];
      }),
    ),
    ...pair.words.map((word, number) => {
      const place = places[number];
      const text = `${word}${
        strongest(layer.wordToRegion[number], (region) => `region ${region + 1}`)
      }`;
      return button(
        "word",
        number,
        text,
        drawn("rect", { ...place, rx: 5 }),
        drawn("text", {
          x: place.x + place.width / 2,
          y: place.y + 17,
          "text-anchor": "middle",
          // A word too long for its box is squeezed into it.
          ...(7.6 * [...word].length > place.width - 8 &&
            { textLength: place.width - 8, lengthAdjust: "spacingAndGlyphs" }),
        }, word),
      );
    }),
  );
  draw();
  return svg;
}

/** The largest value of some matrices, rounded up to a whole percent, in thousandths. */
const mostOf = (matrices) => 10 * Math.ceil(Math.max(1, ...matrices.flat(2)) / 10);

/** The colour of a cell. @param part share of the scale's maximum */
const heat = (part) => `color-mix(in srgb, var(--heat) ${(60 * part).toFixed(1)}%, transparent)`;

/** The legend of a colour scale. @param shared the tables that use it */
function heatLegend(most, shared) {
  const bar = element("span", { class: "heat", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(to right, ${heat(0)}, ${heat(1)})`;
  const number = (value) => element("span", {}, `${value / 10} %`);
  return element(
    "p",
    { class: "heat-legend" },
    number(0),
    bar,
    number(most),
    element("span", {}, `of a row's attention; the same scale for ${shared}`),
  );
}

/** A matrix as a heat map: rows attend to columns; cells are in percent. */
function matrixTable(caption, { rows, columns, values, most }) {
  const table = element(
    "table",
    { class: "matrix" },
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td"),
        ...columns.map((name) => element("th", { scope: "col" }, name)),
      ),
    ),
    element(
      "tbody",
      {},
      ...values.map((row, place) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, rows[place] ?? ""),
          ...row.map((value, column) => {
            const cell = element("td", {
              title: `${rows[place]} → ${columns[column]}: ${share(value)}`,
            }, String(Math.round(value / 10)));
            cell.style.background = heat(value / most);
            return cell;
          }),
        )
      ),
    ),
  );
  const place = element("div", {
    class: "scroll",
    tabindex: "0",
    role: "region",
    "aria-label": caption,
  }, table);
  watchWidth(place);
  return place;
}

function startViewer(source) {
  const { variants, pictures } = JSON.parse(source.textContent);
  const select = (name) => document.getElementById(`viewer-${name}`);
  const fill = (name, options, kept) => {
    select(name).replaceChildren(
      ...options.map(([value, text]) => element("option", { value }, text)),
    );
    if (options.some(([value]) => value === kept)) select(name).value = kept;
  };
  const kept = (name) => select(name).value;
  fill("variant", variants.map(({ variant }, place) => [String(place), variant]));
  let before = kept("variant");

  const pairOf = (variant, text) =>
    variants[variant].pairs.find((pair) => pair.text === text) ?? variants[variant].pairs[0];

  function refill() {
    const variant = variants[Number(kept("variant"))];
    // A variant is compared with another one: selecting the same one swaps the two.
    const other = kept("other") === kept("variant") ? before : kept("other");
    before = kept("variant");
    const all = variants.map(({ variant }, place) => [String(place), variant]);
    fill("other", [["", "nothing"], ...all.filter(([place]) => place !== before)], other);
    fill("pair", variant.pairs.map(({ text, caption }) => [text, caption || text]), kept("pair"));
    const pair = pairOf(Number(kept("variant")), kept("pair"));
    const last = String(pair.layers.at(-1)?.layer ?? "");
    fill(
      "layer",
      pair.layers.map(({ layer }) => [String(layer), `${layer}`]),
      kept("layer") || last,
    );
    const layer = pair.layers.find(({ layer }) => String(layer) === kept("layer"));
    fill(
      "alignment",
      (layer?.alignments ?? []).map(({ name }) => [name, name]),
      kept("alignment"),
    );
  }

  /** What a panel shows of a variant; `layer` is undefined where none is stored. */
  function chosenOf(number) {
    const { variant } = variants[number];
    const pair = pairOf(number, kept("pair"));
    const layer = pair.layers.find(({ layer }) => String(layer) === kept("layer")) ??
      pair.layers.at(-1);
    const alignment = layer?.alignments.find(({ name }) => name === kept("alignment")) ??
      layer?.alignments[0];
    return { variant, pair, layer, alignment };
  }

  /** Colour scales that all panels share. */
  function scalesOf(shown) {
    const layers = shown.flatMap(({ layer }) => layer ?? []);
    const aligned = shown.flatMap(({ alignment }) =>
      alignment === undefined ? [] : [alignment.aligned]
    );
    const across = layers.flatMap((one) => [one.wordToRegion, one.regionToWord]);
    return {
      compared: mostOf([...layers.map(({ wordToWord }) => wordToWord), ...aligned]),
      lines: mostOf(across),
      more: mostOf([...across, ...layers.map(({ regionToRegion }) => regionToRegion)]),
    };
  }

  async function show() {
    refill();
    const other = kept("other");
    const shown = [kept("variant"), ...(other === "" ? [] : [other])].map((place) =>
      chosenOf(Number(place))
    );
    const scales = scalesOf(shown);
    const second = document.getElementById("viewer-second");
    second.hidden = other === "";
    if (other === "") second.replaceChildren();
    const distances = await Promise.all(
      shown.map((chosen, place) => panel(place === 0 ? "first" : "second", chosen, scales)),
    );
    select("distance").textContent = distances.filter(Boolean).join(" · ");
  }

  async function panel(id, { variant, pair, layer, alignment }, scales) {
    const place = document.getElementById(`viewer-${id}`);
    if (layer === undefined) {
      place.replaceChildren(element("p", {}, "No layer is stored."));
      return "";
    }
    const picture = pictures[pair.image];
    const shape = await sizeOf(picture);
    place.hidden = false;
    const width = Math.max(320, Math.min(560, place.clientWidth));
    const words = pair.words;
    const regions = pair.boxes.map((_, region) => `region ${region + 1}`);
    const compared = (caption, values) =>
      matrixTable(caption, { rows: words, columns: words, values, most: scales.compared });
    const matrix = (caption, rows, columns, values) =>
      matrixTable(caption, { rows, columns, values, most: scales.more });
    const tables = [
      compared("S_LL: words to words, percent", layer.wordToWord),
      ...(alignment === undefined ? [] : [compared(
        `aligned S_VV, ${alignment.name}: regions to regions, mapped onto the words, percent`,
        alignment.aligned,
      )]),
    ];
    const more = element(
      "details",
      {},
      element("summary", {}, "Other attentions as tables"),
      heatLegend(scales.more, "the tables below, in all panels"),
      matrix("S_LV: words to regions, percent", words, regions, layer.wordToRegion),
      matrix("S_VL: regions to words, percent", regions, words, layer.regionToWord),
      matrix("S_VV: regions to regions, percent", regions, regions, layer.regionToRegion),
    );
    place.replaceChildren(
      element("h3", {}, `${variant}, layer ${layer.layer}`),
      element("p", {}, pair.caption),
      element(
        "div",
        { class: "viewer-body" },
        element(
          "div",
          {},
          crossDrawing(pair, layer, { picture, shape, width, most: scales.lines }),
          element(
            "p",
            { class: "note" },
            `A line of full width is ${scales.lines / 10} % of attention.`,
          ),
        ),
        element(
          "div",
          {},
          heatLegend(scales.compared, "S_LL and aligned S_VV, in all panels"),
          element("div", { class: "matrices" }, ...tables),
        ),
      ),
      more,
    );
    const isda = layer.isda === null ? "" : `, ISDa ${digits(layer.isda)}`;
    return alignment === undefined
      ? `${variant}${isda}`
      : `${variant}: ISD (${alignment.name}) ${digits(alignment.isdText)} over words, ` +
        `${digits(alignment.isdImage)} over regions${isda}`;
  }

  function sizeOf(picture) {
    if (picture === undefined) return Promise.resolve({ width: 4, height: 3 });
    return new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve({ width: image.naturalWidth, height: image.naturalHeight });
      image.onerror = () => resolve({ width: 4, height: 3 });
      image.src = picture;
    });
  }

  for (const name of ["variant", "pair", "layer", "alignment", "other"]) {
    select(name).addEventListener("change", show);
  }
  show();
}

const attention = document.getElementById("attention-data");
if (attention !== null) startViewer(attention);
