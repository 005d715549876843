import { describe, expect, test } from "vitest";
import { parseAppText } from "./app-text.ts";
import { AppValues } from "./app-values.ts";

/** What the endpoint shows after these records, each of `app process text`. */
function shown(...records: [app: string, process: string, text: string][]): string {
  const values = new AppValues();
  for (const [app, process, text] of records)
    expect(values.add({ app, process, text, time: 1 })).toBeUndefined();
  // They are the same after the endpoint has slept.
  expect(new AppValues(JSON.parse(JSON.stringify(values.save()))).text()).toBe(values.text());
  return values.text();
}

const hits = (value: number): string =>
  `# HELP hits_total Hits.\n# TYPE hits_total counter\nhits_total ${value}\n`;

describe("the metrics of an app", () => {
  test("have the label app, and stand together by name", () => {
    const gauge =
      '# TYPE a gauge\na 1\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3.5\nh_count 2\n';
    expect(
      shown(
        ["shop", "1", gauge],
        ["blog", "2", '# TYPE a gauge\na{x="1",b="\\\\\\"\\n"} 1e3 1700000000000\n'],
      ),
    ).toBe(
      [
        "# TYPE a gauge",
        'a{app="blog",b="\\\\\\"\\n",x="1"} 1000',
        'a{app="shop"} 1',
        "# TYPE h histogram",
        'h_bucket{app="shop",le="1"} 1',
        'h_bucket{app="shop",le="+Inf"} 2',
        'h_sum{app="shop"} 3.5',
        'h_count{app="shop"} 2',
        "",
      ].join("\n"),
    );
  });

  test("that are counters go on where the process before has left them", () => {
    const seen = [1, 2, 3, 4].map((lives) => {
      const records = Array.from({ length: lives }, (_, life): [string, string, string][] => [
        ["shop", `${life}`, hits(0)],
        ["shop", `${life}`, hits(5)],
      ]).flat();
      return /^hits_total.* (\d+)$/m.exec(shown(...records))?.[1];
    });
    expect(seen).toEqual(["5", "10", "15", "20"]);
  });

  test("of earlier runs are kept as sums", () => {
    const values = new AppValues();
    for (const run of ["a", "b", "c", "d"])
      values.add({ app: "shop", process: `shop.service ${run} 7`, text: hits(5), time: 1 });
    const { lives, carried } = values.save()["shop"]!;
    expect(Object.keys(lives)).toEqual(["shop.service d 7"]);
    expect(carried).toMatchObject({ "hits_total{}": { value: 15 } });
  });

  test("of several processes that record at the same time count once, as those of a cluster", () => {
    const workers = Array.from({ length: 30 }, (_, pid) => `shop.service a ${pid}`);
    const rounds = [1, 2, 3].flatMap((value) =>
      workers.map((worker): [string, string, string] => ["shop", worker, hits(value)]),
    );
    expect(shown(...rounds)).toContain('hits_total{app="shop"} 90\n');
    // The instances of a rolling pair overlap, too.
    const pair = [1, 2, 3].flatMap((value) =>
      ["shop@blue.service a 1", "shop@green.service b 2"].map((id): [string, string, string] => [
        "shop",
        id,
        hits(value),
      ]),
    );
    expect(shown(...pair)).toContain('hits_total{app="shop"} 6\n');
  });

  test("of many processes that have ended count, too, as those of handovers", () => {
    const processes = Array.from({ length: 100 }, (_, pid): [string, string, string] => [
      "shop",
      `shop.service a ${pid}`,
      hits(2),
    ]);
    expect(shown(...processes)).toContain('hits_total{app="shop"} 200\n');
  });

  test("of the process before a handover may come after those of the new one", () => {
    expect(shown(["shop", "1", hits(5)], ["shop", "2", hits(1)], ["shop", "1", hits(7)])).toContain(
      'hits_total{app="shop"} 8\n',
    );
  });

  test("that are gauges are those of the newest process", () => {
    const gauge = (value: number): string => `# TYPE g gauge\ng{of="${value}"} ${value}\n`;
    expect(shown(["shop", "1", gauge(1)], ["shop", "2", gauge(2)])).toBe(
      '# TYPE g gauge\ng{app="shop",of="2"} 2\n',
    );
  });

  test("can't claim to be those of another app", () => {
    expect(shown(["evil", "1", 'hits_total{app="shop"} 9\n'], ["shop", "2", "hits_total 1\n"])).toBe(
      '# TYPE hits_total untyped\nhits_total{app="evil"} 9\nhits_total{app="shop"} 1\n',
    );
  });

  test.each([
    ["another type", "hits_total", "# TYPE hits_total gauge\nhits_total 9\n"],
    ["a histogram whose parts have this name", "hits_count", "# TYPE hits histogram\nhits_count 1\n"],
  ])("of another app stay, whatever types there are: %s", (_, contested, forged) => {
    const honest = "# TYPE hits_total counter\nhits_total 1\n# TYPE hits_count gauge\nhits_count 2\n";
    const text = shown(["evil", "1", forged], ["shop", "2", honest]);
    expect(text).toContain('hits_total{app="shop"} 1\n');
    expect(text).toContain('hits_count{app="shop"} 2\n');
    expect(text).not.toContain(`# TYPE ${contested} `);
  });

  test("whose labels always change begin again", () => {
    const values = new AppValues();
    for (let process = 0; process < 10; process++) {
      const series = Array.from({ length: 500 }, (_, index) => `c{of="${process}-${index}"} 1\n`).join("");
      values.add({ app: "shop", process: `${process}`, text: `# TYPE c counter\n${series}`, time: 1 });
    }
    expect(values.text().split("\n").length).toBeLessThan(2003);
    expect(values.text()).toContain('c{app="shop",of="9-499"} 1\n');
  });

  test("whose long labels always change do not fill the memory", () => {
    const values = new AppValues();
    for (let process = 0; process < 10; process++) {
      const text = `# TYPE c counter\nc{of="${"x".repeat(100_000)}${process}"} 1\n`;
      values.add({ app: "shop", process: `${process}`, text, time: 1 });
    }
    expect(values.text().length).toBeLessThan(300_000);
    expect(values.text()).toContain('x9"} 1\n');
  });

  test("are gone with the app", () => {
    const values = new AppValues();
    values.add({ app: "shop", process: "1", text: hits(1), time: 1 });
    expect(values.text()).not.toBe("");
    values.keepOnly(new Set(["blog"]));
    expect([values.text(), values.samples(), values.save()]).toEqual(["", [], {}]);
  });
});

test.each([
  ["no value", "a\n"],
  ["words", "a one\n"],
  ["a number that Go refuses", "a 1e999\n"],
  ["a hexadecimal number", "a 0x1\n"],
  ["two metrics in a line", "a 1 b 2\n"],
  ["a name that begins with a digit", "1a 1\n"],
  ["an open brace", 'a{b="c" 1\n'],
  ["an open quote", 'a{b="c} 1\n'],
  ["an unknown escape", 'a{b="\\x"} 1\n'],
  ["the same label twice", 'a{b="1",b="2"} 1\n'],
  ["another name in a label", 'a{__name__="sockact_app_up"} 1\n'],
  ["a metric of sockact", "sockact_app_up 0\n"],
  ["a metric of sockact, as a part", "# TYPE sockact_wakes histogram\nsockact_wakes_sum 0\n"],
  ["a metric that Prometheus adds", "up 0\n"],
  ["two types", "# TYPE a gauge\n# TYPE a counter\na 1\n"],
  ["a histogram without parts", "# TYPE a histogram\na 1\n"],
  ["a bucket without a limit", "# TYPE a histogram\na_bucket 1\n"],
  ["a bucket with words for a limit", '# TYPE a histogram\na_bucket{le="x"} 1\n'],
  ["a help text with an unknown escape", "# HELP a \\x\n# TYPE a gauge\na 1\n"],
  ["a carriage return", "a 1\r\n"],
  ["a value and an exemplar", 'a 1 # {b="c"} 1\n'],
  ["too many series", Array.from({ length: 2001 }, (_, index) => `a{b="${index}"} 1\n`).join("")],
])("metrics with %s are refused, and the values before it stay", (_, text) => {
  expect(parseAppText(text)).toBeTypeOf("string");
  const values = new AppValues();
  values.add({ app: "shop", process: "1", text: hits(1), time: 1 });
  const before = values.text();
  expect(values.add({ app: "shop", process: "1", text, time: 2 })).toBeTypeOf("string");
  expect(values.text()).toBe(before);
});

test("a value of 200 kB is refused at once", () => {
  const began = performance.now();
  expect(parseAppText(`a ${"1".repeat(200_000)}x\n`)).toBe("line 1 is not valid");
  // Once, it took more than a minute.
  expect(performance.now() - began).toBeLessThan(5000);
});
