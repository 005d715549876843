import { BarChart, CustomChart } from "echarts/charts";
import { GraphicComponent, GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { CustomSeriesRenderItem } from "echarts";
import type { Maker } from "./arms.ts";

use([BarChart, CustomChart, GraphicComponent, GridComponent, SVGRenderer]);

/** One bar, and the range over the runs as a thin line. */
interface Bar {
  name: string;
  maker: Maker;
  value: number;
  range: [least: number, most: number];
  /** The value as it is written, without its unit. */
  text: string;
}

/** Bars with one scale. */
export interface BarGroup {
  title: string;
  /** What the bars show. */
  figure: string;
  bars: readonly Bar[];
}

export interface Picture {
  title: string;
  /** What the picture shows, for readers who can't see it. */
  description: string;
  groups: readonly BarGroup[];
  /** The lines at the bottom. */
  notes: readonly string[];
}

/** In pixels. The width fits a phone. */
const WIDTH = 360;
const MARGIN = 16;
const RIGHT = WIDTH - MARGIN;
const TITLE = 46;
const HEADING = 42;
/** The name of a bar, the bar itself, and its range below. */
const ROW = 44;
const BAR = 12;
const NOTE = 15;
/** On a wide page, it is larger. */
const SHOWN = 1.2;
/** Those of the pictures in docs/public/drawings. */
const FONTS = "system-ui,-apple-system,Segoe UI,Roboto,sans-serif";

/** A chart of horizontal bars, as SVG. It follows the reader's preference for a light or a dark page. */
export function svgOf({ title, description, groups, notes }: Picture): string {
  const heights = groups.map(({ bars }) => HEADING + bars.length * ROW + 6);
  const tops = heights.map((_, index) => heights.slice(0, index).reduce((sum, each) => sum + each, TITLE));
  const end = heights.reduce((sum, each) => sum + each, TITLE);
  const height = end + notes.length * NOTE + MARGIN;
  const chart = init(undefined, undefined, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    graphic: [
      label(title, 27, "text", "600 15px"),
      ...groups.flatMap((group, index) => textsOf(group, tops[index]!)),
      ...notes.map((note, index) => label(note, end + 12 + index * NOTE, "note", "11px")),
    ],
    grid: groups.map(({ bars }, index) => ({
      left: MARGIN,
      right: MARGIN,
      top: tops[index]! + HEADING,
      height: bars.length * ROW,
    })),
    xAxis: groups.map(({ bars }, index) => ({
      gridIndex: index,
      type: "value",
      show: false,
      min: 0,
      max: Math.max(...bars.flatMap(({ value, range }) => [value, ...range])) || 1,
    })),
    yAxis: groups.map(({ bars }, index) => ({
      gridIndex: index,
      type: "category",
      inverse: true,
      show: false,
      data: bars.map(({ name }) => name),
    })),
    series: groups.flatMap(seriesOf),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return framed(svg, title, description, height);
}

/** A label has a class instead of a colour, because the picture's style sheet has a light and a dark page. */
function label(
  words: string,
  y: number,
  name: string,
  font: string,
  align: "left" | "right" = "left",
): object {
  const style = {
    text: words,
    fill: classOf(name),
    font: `${font} ${FONTS}`,
    align,
    verticalAlign: "middle",
  };
  return { type: "text", silent: true, x: align === "left" ? MARGIN : RIGHT, y, style };
}

const classOf = (name: string): string => `var(--${name})`;

/** The name of a bar is above its left end, and its value on the right of the name. */
function textsOf({ title, figure, bars }: BarGroup, top: number): object[] {
  const rows = bars.flatMap(({ name, maker, text: value }, index) => {
    const y = top + HEADING + index * ROW + 7;
    return [
      label(name, y, "text", maker === "sockact" ? "600 13px" : "13px"),
      label(value, y, "text", "13px", "right"),
    ];
  });
  return [label(title, top + 10, "text", "600 12px"), label(figure, top + 26, "note", "12px"), ...rows];
}

function seriesOf({ bars }: BarGroup, index: number): object[] {
  const axes = { xAxisIndex: index, yAxisIndex: index, silent: true };
  const range: CustomSeriesRenderItem = (_, api) => {
    const [x1, y] = api.coord([api.value(1), api.value(0)]);
    const [x2] = api.coord([api.value(2), api.value(0)]);
    // No range: one run, or the same value in all of them.
    if (x1 === x2) return null;
    const pathData = `M${x1} ${y! + BAR / 2 + 1}v6m0 -3H${x2}m0 -3v6`;
    return { type: "path", shape: { pathData }, style: { stroke: classOf("range"), fill: "none" } };
  };
  return [
    {
      ...axes,
      type: "bar",
      barWidth: BAR,
      data: bars.map(({ value, maker }) => ({ value, itemStyle: { color: classOf(maker) } })),
    },
    {
      ...axes,
      type: "custom",
      data: bars.map(({ range: [least, most] }, at) => [at, least, most]),
      renderItem: range,
    },
  ];
}

/** The colours of a light and of a dark page. Text has a contrast of 4.5 at least, and a bar of 3. */
const colours: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  text: ["#1f2328", "#e6edf3"],
  note: ["#57606a", "#9da7b3"],
  range: ["#1f2328", "#e6edf3"],
  sockact: ["#1f6f78", "#5bb8c1"],
  bare: ["#8c959f", "#768390"],
  peer: ["#b35900", "#d4893f"],
};

const rules = (index: 0 | 1): string =>
  Object.entries(colours)
    .map(([name, colour]) => `.${name}{${name === "range" ? "stroke" : "fill"}:${colour[index]}}`)
    .join("");

/**
 * Only the shapes from ECharts: its classes contain numbers that differ in each run, and other attributes are
 * for a script in a browser.
 */
function framed(svg: string, title: string, description: string, height: number): string {
  const shapes = Array.from(svg.matchAll(/<path [^]*?<\/path>|<text [^]*?<\/text>/g), ([shape]) =>
    shape
      .replaceAll(/ (?:ecmeta_\w+|class|pointer-events|xml:space)="[^"]*"/g, "")
      .replace(/ (?:fill|stroke)="var\(--(\w+)\)"/, ' class="$1"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${Math.round(WIDTH * SHOWN)}" height="${Math.round(height * SHOWN)}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(title)}</title>
<desc id="desc">${escaped(description)}</desc>
<style>
.card{fill:#fff;stroke:#d0d7de}${rules(0)}
@media (prefers-color-scheme:dark){.card{fill:#161b22;stroke:#3d444d}${rules(1)}}
</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
${shapes.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
