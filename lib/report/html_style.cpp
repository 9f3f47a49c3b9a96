#include "report/html_style.hpp"

namespace moelm {

std::string_view html_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #dfe3e8; --ink: #16202c; --soft: #566372;
  --accent: #1f58b8; --bar: #5b8def; --mark: #d9480f; --highlight: #fff0c2; --chip: #eef3fb; --grid: #e7eaee;
  --c0: #2563c9; --c1: #d9480f; --c2: #15846b; --c3: #8b3fc4; --c4: #b7791f; --c5: #64748b;
  --d0: #1d4fa8; --d1: #4c7fd0; --d2: #8fb2e6; --d3: #c9dbf4; --d4: #eceff3; --d5: #fbdcc0; --d6: #f5b27a; --d7: #e37a33; --d8: #b84a0c;
  --e0: #bcd7ff; --e1: #ffd3b0; --e2: #bfe8cf; --e3: #f3c9ee; --e4: #f7eaa6; --e5: #d9d3f7; --e6: #b5ecf0; --e7: #ffc4c4; --e8: #dcefae; --e9: #dfe3e8; --e10: #e6cfc0; --e11: #e2d39b;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --card: #18202a; --line: #2b3643; --ink: #e6ebf1; --soft: #a3b0bf;
    --accent: #7fb0ff; --bar: #4c82e0; --mark: #ff9a5c; --highlight: #57470f; --chip: #223042; --grid: #263140;
    --c0: #7fb0ff; --c1: #ff9a5c; --c2: #4fd1ae; --c3: #c79bf2; --c4: #f0c05a; --c5: #a3b0bf;
    --d0: #9cc4ff; --d1: #6b9fec; --d2: #4474bd; --d3: #2c4a78; --d4: #27313d; --d5: #5c3a20; --d6: #96562a; --d7: #d97b3a; --d8: #ffb27a;
    --e0: #1f4a86; --e1: #7a4217; --e2: #1f5f3d; --e3: #6e2f68; --e4: #635613; --e5: #483f85; --e6: #17595f; --e7: #7d2f2f; --e8: #48611a; --e9: #434d59; --e10: #61473a; --e11: #5a4d17;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, header > div, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
main:focus { outline: none; }
header { background: var(--card); border-bottom: 1px solid var(--line); padding: 28px 0 20px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 40px 0 6px; padding-top: 8px; }
h3 { font-size: 16px; margin: 28px 0 2px; }
p { margin: 4px 0 12px; } p.lead { color: var(--soft); max-width: 78ch; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: 8px; top: -60px; background: var(--card); padding: 8px 14px; z-index: 3; } .skip:focus { top: 8px; }
nav { margin-top: 14px; display: flex; gap: 8px 18px; flex-wrap: wrap; font-size: 14px; }
#search { position: sticky; top: 0; z-index: 2; background: var(--page); display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding: 10px 0; border-bottom: 1px solid var(--line); }
#search label { font-size: 14px; } #search output { color: var(--soft); font-size: 14px; }
#search input { font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--soft); border-radius: 6px; padding: 4px 10px; width: 220px; max-width: 100%; }
body.searching section:not(.cards) { display: none; }
.hit { outline: 2px solid var(--mark); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(230px, 100%), 1fr)); gap: 6px 24px; margin: 18px 0 0; }
dl.facts div { min-width: 0; } dt { color: var(--soft); font-size: 12.5px; } dd { margin: 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 12px; margin: 14px 0; }
.tile, .panel, .expert { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 10px 14px; } .tile b { display: block; font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 12.5px; line-height: 1.35; display: block; }
.panel { padding: 14px 16px; margin: 10px 0 16px; }
.scroll { overflow-x: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(454px, 100%), 1fr)); gap: 16px; margin: 10px 0; } .pair .panel { margin: 0; min-width: 0; }
.panel h3 { margin: 0 0 6px; font-size: 14px; font-weight: 600; }
.key { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--soft); font-size: 12.5px; margin: 0 0 6px; }
.key i { display: inline-block; width: 18px; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: 6px; }
.key i.box { height: 12px; border: 0; width: 14px; border-radius: 2px; }
svg.chart { display: block; width: 100%; height: auto; min-width: 420px; } svg.wide { min-width: 880px; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; } svg text.name { fill: var(--ink); }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--grid); stroke-width: 1; } .even { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 5 4; }
.bar { fill: var(--bar); } .mark { stroke: var(--mark); stroke-width: 2.5; } .area { fill: var(--bar); opacity: .75; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); } .c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
i.c0 { border-color: var(--c0); } i.c1 { border-color: var(--c1); } i.c2 { border-color: var(--c2); } i.c3 { border-color: var(--c3); } i.c4 { border-color: var(--c4); } i.c5 { border-color: var(--c5); }
i.even { border-top: 1px dashed var(--soft); } i.bar { background: var(--bar); } i.mark { border-color: var(--mark); }
.dot { stroke-width: 1.5; fill: var(--card); }
.cell { rx: 2px; } .cell:hover, .bar:hover { stroke: var(--ink); stroke-width: 1.5; } .none { fill: none; stroke: var(--grid); }
.d0 { fill: var(--d0); background: var(--d0); } .d1 { fill: var(--d1); background: var(--d1); } .d2 { fill: var(--d2); background: var(--d2); }
.d3 { fill: var(--d3); background: var(--d3); } .d4 { fill: var(--d4); background: var(--d4); } .d5 { fill: var(--d5); background: var(--d5); }
.d6 { fill: var(--d6); background: var(--d6); } .d7 { fill: var(--d7); background: var(--d7); } .d8 { fill: var(--d8); background: var(--d8); }
.experts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(480px, 100%), 1fr)); gap: 16px; margin: 12px 0; }
.expert { padding: 14px 16px; min-width: 0; break-inside: avoid; }
.expert h3 { margin: 0; font-size: 15px; display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 10px; }
.expert h3 small { color: var(--soft); font-weight: 400; font-size: 12.5px; margin-left: auto; text-align: right; }
.meter { height: 5px; border-radius: 3px; background: var(--grid); margin: 8px 0 12px; overflow: hidden; }
.meter svg { display: block; width: 100%; height: 100%; }
h4 { margin: 0 0 4px; font-size: 12.5px; color: var(--soft); font-weight: 500; }
ul.chips { list-style: none; display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 12px; padding: 0; }
ul.chips li { background: var(--chip); border-radius: 6px; padding: 1px 8px; max-width: 100%; overflow-wrap: anywhere; white-space: pre-wrap; }
ul.chips small { color: var(--soft); margin-left: 6px; font-variant-numeric: tabular-nums; }
td ul.chips { margin: 2px 0; }
p.tokens { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; line-height: 2.1; overflow-wrap: anywhere; }
.token { border-radius: 5px; padding: 2px 4px; white-space: pre-wrap; } .token sub { color: var(--ink); font-size: 11px; margin-left: 3px; }
.e0 { background: var(--e0); } .e1 { background: var(--e1); } .e2 { background: var(--e2); } .e3 { background: var(--e3); } .e4 { background: var(--e4); } .e5 { background: var(--e5); }
.e6 { background: var(--e6); } .e7 { background: var(--e7); } .e8 { background: var(--e8); } .e9 { background: var(--e9); } .e10 { background: var(--e10); } .e11 { background: var(--e11); }
ol.contexts { list-style: none; margin: 0; padding: 0; font-size: 13.5px; }
ol.contexts li { display: grid; grid-template-columns: 42px 1fr; gap: 8px; padding: 3px 0; border-top: 1px solid var(--grid); }
ol.contexts span.gate { color: var(--soft); font-variant-numeric: tabular-nums; }
ol.contexts span.words { overflow-wrap: anywhere; white-space: pre-wrap; color: var(--soft); }
mark { background: var(--highlight); color: var(--ink); border-radius: 3px; padding: 0 3px; font-weight: 600; }
details { margin: 8px 0 16px; } summary { cursor: pointer; color: var(--accent); font-size: 14px; padding: 4px 0; }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; margin-top: 8px; }
caption { text-align: left; color: var(--soft); padding-bottom: 4px; }
th, td { padding: 3px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; } th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 4px 0; cursor: pointer; text-decoration: underline dotted; }
th[aria-sort] button { color: var(--ink); font-weight: 600; }
th[aria-sort="ascending"] button::after { content: " \25B2"; } th[aria-sort="descending"] button::after { content: " \25BC"; }
footer { color: var(--soft); font-size: 13px; padding-top: 24px; padding-bottom: 40px; }
@media screen and (max-width: 560px) { main, header > div, footer { padding: 0 14px; } .pair { grid-template-columns: 1fr; } h1 { font-size: 21px; } .tiles { grid-template-columns: 1fr 1fr; } svg.chart:not(.wide) { min-width: 0; } svg.chart:not(.wide) text { font-size: 15.5px; } }
@media print {
  :root { color-scheme: light; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { background: none; font-size: 12px; } #search, nav, .skip { display: none !important; }
  .pair { grid-template-columns: 1fr 1fr; } .scroll { overflow: visible; } svg.chart, svg.wide { min-width: 0; } th, td { padding: 2px 5px; white-space: normal; } table { font-size: 10px; }
  .expert, .panel, .tile { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
)css";
}

}  // namespace moelm
