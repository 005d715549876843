import type { Dashboard, VizLegendOptions } from "@grafana/schema";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type { Options as StateTimelineOptions } from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type { Options as TableOptions } from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type { Options as TimeSeriesOptions } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";
import { type DashboardPanel, rows } from "./panels.ts";

/** A type whose enumerations are their values, as in JSON. */
type Json<Type> = Type extends string
  ? `${Type}`
  : Type extends number
    ? number
    : Type extends object
      ? { [Name in keyof Type]: Json<Type[Name]> }
      : Type;

/** A dashboard in Grafana's classic model, which each version since 9 can import. */
export type DashboardJson = Json<Dashboard>;
type PanelJson = NonNullable<DashboardJson["panels"]>[number];

const datasource = { type: "prometheus", uid: "${datasource}" };
const HEIGHT = 8;

/** The dashboard for the metrics of sockact. */
export function dashboard(): DashboardJson {
  const panels: PanelJson[] = [];
  let y = 0;
  for (const [title, row] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: 24, h: 1 },
    });
    y += 1;
    let x = 0;
    for (const panel of row) {
      if (x + panel.width > 24) [x, y] = [0, y + HEIGHT];
      panels.push(panelJson(panel, panels.length + 1, { x, y, w: panel.width, h: HEIGHT }));
      x += panel.width;
    }
    y += HEIGHT;
  }
  return {
    uid: "sockact",
    title: "sockact",
    description: "What sockact metrics dashboard prints",
    tags: ["sockact", "systemd", "node"],
    schemaVersion: 42,
    editable: true,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    graphTooltip: 1,
    templating: {
      list: [
        { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" },
        variable("host", "instance", "label_values(sockact_build_info, instance)"),
        variable("app", "app", 'label_values(sockact_app_info{instance=~"$host"}, app)'),
      ],
    },
    panels,
  };
}

type VariableJson = NonNullable<NonNullable<DashboardJson["templating"]>["list"]>[number];

/** A choice of the values of a label, with all of them at first. */
function variable(name: string, label: string, query: string): VariableJson {
  return {
    name,
    label,
    type: "query",
    datasource,
    query: { query, refId: name },
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: ["All"], value: ["$__all"] },
    // When the time range changes.
    refresh: 2,
    // By name.
    sort: 1,
  };
}

function panelJson(panel: DashboardPanel, id: number, gridPos: NonNullable<PanelJson["gridPos"]>): PanelJson {
  const { title, description, type, unit, texts } = panel;
  const isNow = type === "stat" || type === "table";
  return {
    id,
    type,
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    gridPos,
    targets: Object.entries(panel.queries).map(([legend, expression], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr: expression.text().replaceAll("$selected", 'instance=~"$host", app=~"$app"'),
      legendFormat: legend,
      instant: isNow,
      range: !isNow,
      format: type === "table" ? "table" : "time_series",
    })),
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        ...(texts === undefined ? {} : { mappings: [{ type: "value", options: texts }] }),
        ...(type === "timeseries" && { min: 0, custom: { fillOpacity: 10, showPoints: "never" } }),
        ...(type === "state-timeline" && { custom: { fillOpacity: 80, lineWidth: 0 } }),
      },
      overrides: [],
    },
    options: options[type],
  };
}

const legend: Json<VizLegendOptions> = {
  calcs: [],
  displayMode: "list",
  placement: "bottom",
  showLegend: true,
};

const options = {
  timeseries: { legend, tooltip: { mode: "multi", sort: "desc" } } satisfies Json<TimeSeriesOptions>,
  "state-timeline": {
    legend,
    tooltip: { mode: "single", sort: "none" },
    rowHeight: 0.8,
    showValue: "auto",
    mergeValues: true,
  } satisfies Json<StateTimelineOptions>,
  stat: {
    colorMode: "none",
    graphMode: "none",
    justifyMode: "auto",
    orientation: "auto",
    percentChangeColorMode: "standard",
    reduceOptions: { calcs: ["lastNotNull"] },
    showPercentChange: false,
    textMode: "value_and_name",
    wideLayout: true,
  } satisfies Json<StatOptions>,
  table: { frameIndex: 0, showHeader: true } satisfies Json<TableOptions>,
};
