/** The only style sheet: light and dark by the reader's system, no framework. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f7f6f3, #14171a);
  --surface: light-dark(#ffffff, #1b1f23);
  --raised: light-dark(#f1efea, #242a2f);
  --line: light-dark(#dedad2, #343b42);
  --text: light-dark(#1c2126, #e8eaec);
  --muted: light-dark(#5b636b, #a3acb5);
  --accent: light-dark(#0a6558, #5cc9b4);
  --accent-soft: light-dark(#d9ece7, #1f3b37);
  --up: light-dark(#17663a, #6fcf97);
  --down: light-dark(#a3301f, #f0907f);
  --series-1: light-dark(#0a6558, #5cc9b4);
  --series-2: light-dark(#9a4a12, #eda35f);
  --series-3: light-dark(#4b4fa8, #a5a8f5);
  --series-4: light-dark(#8a2f62, #e794bf);
  --series-5: light-dark(#5f6a12, #c3cf63);
  --series-6: light-dark(#3f6683, #8dbbe0);
  --radius: 8px;
  --sans: ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Open Sans', 'Helvetica Neue', sans-serif;
}
* { box-sizing: border-box; }
html { font: 15px/1.45 var(--sans); background: var(--ground); color: var(--text); -webkit-text-size-adjust: 100%; }
body { margin: 0; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.02rem; margin: 0 0 0.5rem; }
h3 { font-size: 0.93rem; margin: 0 0 0.35rem; }
p { margin: 0 0 0.6rem; max-width: 75ch; }
code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, monospace; font-size: 0.9em; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--surface); padding: 6px 10px; z-index: 9; }
.quiet, .note { color: var(--muted); font-size: 0.87rem; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.top { background: var(--surface); border-bottom: 1px solid var(--line); }
.top > div { max-width: 1320px; margin: 0 auto; padding: 10px 20px 0; }
.brand { display: flex; gap: 10px; align-items: baseline; flex-wrap: wrap; }
.brand strong { font-size: 1.02rem; letter-spacing: -0.01em; }
.top nav ul { display: flex; gap: 2px; margin: 8px 0 0; padding: 0; list-style: none; overflow-x: auto; }
.top nav a { display: block; padding: 7px 11px 8px; color: var(--muted); text-decoration: none; border-bottom: 2px solid transparent; white-space: nowrap; }
.top nav a:hover { color: var(--text); }
.top nav a[aria-current] { color: var(--text); border-bottom-color: var(--accent); font-weight: 600; }
main { max-width: 1320px; margin: 0 auto; padding: 18px 20px 48px; display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.heading { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; justify-content: space-between; }
.panel { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 14px 16px; min-width: 0; }
.columns { display: grid; gap: 16px; align-items: start; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); }

.filters { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: end; }
.filters label, .filters .group { display: grid; gap: 3px; font-size: 0.8rem; color: var(--muted); min-width: 0; }
.filters .group > div { display: flex; gap: 8px 14px; flex-wrap: wrap; align-items: center; min-height: 32px; }
.filters .group > div label { display: flex; gap: 6px; align-items: center; color: var(--text); font-size: 0.88rem; }
.filters .group { margin-right: 14px; }
.filters .more { flex: 1 1 auto; }
.filters .more > div { display: grid; gap: 8px; padding-top: 6px; }
input, select, button { font: inherit; font-size: 0.9rem; color: var(--text); background: var(--surface); border: 1px solid var(--line); border-radius: 6px; padding: 5px 8px; min-height: 32px; max-width: 100%; }
input[type='checkbox'], input[type='radio'] { min-height: 0; accent-color: var(--accent); width: 18px; height: 18px; margin: 0; }
button, .button { background: var(--accent); border: 1px solid var(--accent); color: light-dark(#ffffff, #0d1514); font-weight: 600; cursor: pointer; border-radius: 6px; padding: 5px 12px; text-decoration: none; display: inline-block; }
.plain { background: none; border: 0; padding: 4px 0; min-height: 0; color: var(--muted); font-weight: 400; font-size: inherit; text-align: left; text-decoration: underline; }
.presets { display: flex; flex-wrap: wrap; gap: 4px; list-style: none; margin: 0 0 10px; padding: 0; }
.presets a { display: block; padding: 4px 9px; border: 1px solid var(--line); border-radius: 999px; text-decoration: none; font-size: 0.84rem; color: var(--muted); background: var(--surface); }
.presets a[aria-current] { color: var(--accent); border-color: var(--accent); background: var(--accent-soft); }
.trail { display: flex; flex-wrap: wrap; gap: 2px 8px; list-style: none; margin: 0; padding: 0; font-size: 0.93rem; }
.trail li + li::before { content: '›'; color: var(--muted); margin-right: 8px; }
.trail li[aria-current] { font-weight: 600; }
.pager { display: flex; gap: 4px 16px; flex-wrap: wrap; padding-top: 10px; font-size: 0.87rem; color: var(--muted); }
.tags { display: flex; flex-wrap: wrap; gap: 6px; list-style: none; margin: 0; padding: 0; font-size: 0.86rem; }
.tags li { background: var(--raised); border-radius: 6px; padding: 2px 8px; overflow-wrap: anywhere; }

.tiles { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); list-style: none; margin: 0; padding: 0; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 12px 14px 10px; min-width: 0; display: grid; gap: 2px; align-content: start; }
.tile .label { color: var(--muted); font-size: 0.83rem; }
.tile .value { font-size: 1.42rem; font-weight: 600; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile svg { width: 100%; height: 32px; margin-top: 4px; }
.delta { font-size: 0.83rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.delta svg { width: 8px; height: 8px; fill: currentColor; }
.delta.up { color: var(--up); }
.delta.down { color: var(--down); }

.scroll { position: relative; overflow-x: auto; margin: 0 -16px; padding: 0 16px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
caption { text-align: left; color: var(--muted); font-size: 0.85rem; padding-bottom: 6px; }
caption > span { position: sticky; left: 0; display: inline-block; max-width: min(100%, calc(100vw - 74px)); }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 0; }
.scroll th:first-child, .scroll tr.groups td:first-child { position: sticky; left: 0; background: var(--surface); z-index: 1; }
.scroll tbody tr:hover th:first-child { background: var(--raised); }
thead th { color: var(--muted); font-weight: 500; font-size: 0.83rem; border-bottom: 1px solid var(--line); }
thead th a { color: inherit; text-decoration: none; }
thead th a:hover { text-decoration: underline; }
thead th[aria-sort] a { color: var(--text); font-weight: 600; }
thead tr.groups th { text-align: left; padding-left: 14px; color: var(--text); border-bottom: 0; border-left: 1px solid var(--line); white-space: normal; vertical-align: bottom; }
thead tr.groups td { border-bottom: 0; }
thead tr.groups .over { display: block; color: var(--muted); font-size: 0.78rem; }
tbody th { text-align: left; font-weight: 500; white-space: normal; min-width: 13ch; max-width: 34ch; overflow-wrap: break-word; }
td time { white-space: nowrap; }
td.text, th.text { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.says::first-letter { text-transform: uppercase; }
thead th.text { overflow-wrap: break-word; }
td.text { min-width: 17ch; }
tbody th:has(code) { min-width: 20ch; }
td.wide { min-width: 32ch; }
tfoot th, tfoot td { border-bottom: 0; border-top: 2px solid var(--line); font-weight: 600; }
tfoot th { text-align: left; }
tbody tr:hover { background: var(--raised); }
th.begins, td.begins { border-left: 1px solid var(--line); padding-left: 14px; }
td .below { display: flex; justify-content: flex-end; align-items: baseline; gap: 8px; font-size: 0.8rem; line-height: 1.25; color: var(--muted); font-weight: 400; }
td.filling { color: var(--muted); background: repeating-linear-gradient(-45deg, transparent 0 6px, var(--raised) 6px 8px); }
.share { display: inline-block; width: 56px; height: 7px; border-radius: 4px; background: var(--raised); overflow: hidden; margin-left: 8px; }
.share svg { display: block; width: 56px; height: 7px; }
.rank { display: inline-block; min-width: 2.2em; text-align: center; border-radius: 5px; background: var(--raised); color: var(--text); font-size: 0.8rem; padding: 0 5px; margin-left: 6px; }
.rank svg { width: 7px; height: 7px; fill: currentColor; }
.rank.risen { background: light-dark(#d7efe0, #1d3d2b); color: var(--up); }
.rank.fallen { background: light-dark(#f7ddd7, #43231d); color: var(--down); }

figure { margin: 0; }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; color: var(--muted); font-size: 0.86rem; margin-bottom: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 14px; list-style: none; margin: 0; padding: 0; }
.legend li { display: flex; gap: 6px; align-items: center; }
.legend svg { width: 22px; height: 8px; flex: none; }
.chart { width: 100%; height: auto; display: block; }
.chart.narrow { display: none; }
.chart text { fill: var(--muted); font-size: 11px; font-family: var(--sans); }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.previous { stroke-dasharray: 4 4; stroke-width: 1.5; opacity: 0.85; }
.area { opacity: 0.12; stroke: none; }
.s1 { stroke: var(--series-1); } .s2 { stroke: var(--series-2); } .s3 { stroke: var(--series-3); }
.s4 { stroke: var(--series-4); } .s5 { stroke: var(--series-5); } .s6 { stroke: var(--series-6); }
.f1 { fill: var(--series-1); } .f2 { fill: var(--series-2); } .f3 { fill: var(--series-3); }
.f4 { fill: var(--series-4); } .f5 { fill: var(--series-5); } .f6 { fill: var(--series-6); }
details > summary { cursor: pointer; color: var(--muted); font-size: 0.86rem; padding: 4px 0; }

.steps { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; }
.steps li { display: grid; gap: 3px; }
.steps .bar { height: 20px; width: 100%; display: block; border-radius: 4px; }
.bar rect:first-child { fill: var(--raised); }
td .bar { display: inline-block; width: 120px; height: 8px; border-radius: 4px; }
.step-head { display: grid; grid-template-columns: minmax(7rem, 12rem) minmax(8rem, 14rem) 1fr; gap: 2px 14px; align-items: baseline; }
.step-name { font-weight: 600; }
.step-count { font-size: 1.05rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.step-share { color: var(--muted); font-size: 0.87rem; text-align: right; font-variant-numeric: tabular-nums; }
.step-before .bar { height: 5px; margin-top: 2px; opacity: 0.75; }
.step-facts { display: flex; flex-wrap: wrap; gap: 0 16px; color: var(--muted); font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.columns .step-head { grid-template-columns: 1fr auto; }
.columns .step-share { grid-column: 1 / -1; text-align: left; }
a.behind { color: inherit; text-decoration-style: dotted; text-decoration-color: var(--muted); }
a.behind:hover { color: var(--accent); text-decoration-style: solid; }
.open { color: var(--text); }
.tabs ul { display: flex; flex-wrap: wrap; gap: 4px; list-style: none; margin: 0; padding: 0; }
.tabs a { display: block; padding: 5px 12px; border-radius: 6px; text-decoration: none; color: var(--muted); }
.tabs a:hover { color: var(--text); background: var(--raised); }
.tabs a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.search { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; }
.search label { display: grid; gap: 3px; font-size: 0.8rem; color: var(--muted); }
.search .wide { flex: 1 1 16rem; max-width: 32rem; }
.search > a { padding: 6px 0; font-size: 0.9rem; }
.search .note { flex-basis: 100%; margin: 0; }
.journey { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); align-items: start; }
.journey .aside { display: grid; gap: 16px; min-width: 0; }
.entries { list-style: none; margin: 0; padding: 0; display: grid; gap: 10px; font-size: 0.9rem; }
.entries .entries { gap: 0; font-size: 0.85rem; }
.device, .mark, .chip { display: inline-block; border-radius: 5px; background: var(--raised); padding: 0 6px; font-size: 0.8rem; }
.device { font-weight: 600; }
.mark { background: var(--accent-soft); color: var(--accent); }
.refused { color: var(--down); }
.when { color: var(--muted); font-size: 0.83rem; font-variant-numeric: tabular-nums; }
.credit { display: flex; flex-wrap: wrap; gap: 3px 6px; align-items: baseline; margin-top: 3px; font-size: 0.85rem; overflow-wrap: anywhere; }
.after { margin-top: 1.2rem; }
.timeline { list-style: none; margin: 0; padding: 0 0 0 18px; border-left: 2px solid var(--line); display: grid; gap: 12px; }
.timeline li { position: relative; }
.timeline li::before { content: ''; position: absolute; left: -24px; top: 6px; width: 10px; height: 10px; border-radius: 50%; background: var(--surface); border: 2px solid var(--accent); }
.timeline li.stage::before { background: var(--accent); }
.timeline li.signal::before { border-radius: 2px; border-color: var(--series-2); }
.timeline li { overflow-wrap: anywhere; }
.timeline li.gap { color: var(--muted); font-size: 0.8rem; margin: -4px 0; }
.timeline li.gap::before { width: 6px; height: 6px; left: -22px; border: 0; background: var(--line); }
.empty { text-align: center; padding: 36px 16px; color: var(--muted); }
.empty p { margin-inline: auto; }
.warning { border-left: 3px solid var(--series-2); }
.failed { color: var(--down); font-weight: 600; }
h3.apart { margin-top: 14px; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 3px 14px; margin: 0; font-size: 0.9rem; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.note { margin-top: 10px; }
.note p::first-letter { text-transform: uppercase; }
footer { max-width: 1320px; margin: 0 auto; padding: 0 20px 32px; color: var(--muted); font-size: 0.83rem; }

@media (min-width: 900px) { .journey { grid-template-columns: minmax(0, 1fr) minmax(280px, 380px); } }
@media (max-width: 900px) { .chart.wide text { font-size: 15px; } }
@media (max-width: 560px) {
  html { font-size: 14px; }
  main, .top > div, footer { padding-left: 12px; padding-right: 12px; }
  .panel { padding: 12px; }
  .scroll { margin: 0 -12px; padding: 0 12px; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .tile .value { font-size: 1.15rem; }
  .tile:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  .presets { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: none; margin-inline: -12px; padding-inline: 12px; }
  .presets a { white-space: nowrap; }
  .filters { display: grid; grid-template-columns: 1fr 1fr; }
  .filters .group, .filters .more, .filters button { grid-column: 1 / -1; margin-right: 0; }
  caption > span { max-width: calc(100vw - 50px); }
  th, td { padding-inline: 7px; }
  .filters select, .filters input:not([type='checkbox']) { width: 100%; }
  tbody th { min-width: 9ch; }
  .top nav ul { flex-wrap: wrap; overflow-x: visible; }
  .top nav a { padding: 5px 8px 6px; font-size: 0.9rem; }
  .step-head { grid-template-columns: 1fr auto; }
  .step-share { grid-column: 1 / -1; text-align: left; }
}
@media (prefers-reduced-motion: no-preference) { a, button { transition: color 80ms, background 80ms; } }
@media print {
  :root { color-scheme: light; }
  .top nav, .filters, .presets, .no-print, details > summary { display: none; }
  html { font-size: 11px; background: #ffffff; }
  .panel, .tile { border-color: #bbbbbb; break-inside: avoid; }
  main { padding: 0; max-width: none; }
  .scroll { overflow: visible; }
}
`.trim();
