/** The page's looks: light, dark and on paper. Plots take `currentColor` and the variables. Without quotes, which React would escape. */
export const style = `
:root { --paper: #fdfcfa; --ink: #26221d; --soft: #7a7167; --line: #e3ddd3; --accent: #9a6b2f; --good: #4d7c4a; --found: #6d87a8; --bad: #b5402e; --idle: #b9b1a5 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1917; --ink: #e8e2d8; --soft: #a0978b; --line: #3a352f; --accent: #d3a15c; --good: #7fb37a; --found: #8fabcf; --bad: #e3796a; --idle: #6b645b }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, Segoe UI, Noto Sans, Noto Sans CJK JP, sans-serif }
main { max-width: 1000px; margin: 0 auto; padding: 40px 28px 80px }
h1 { font-size: 28px; font-weight: 650; margin: 0 0 2px; letter-spacing: -0.01em }
h2 { font-size: 18px; font-weight: 650; margin: 44px 0 12px; padding-bottom: 6px; border-bottom: 1px solid var(--line) }
h3 { font-size: 15px; font-weight: 650; margin: 22px 0 6px }
p { margin: 6px 0 }
a { color: var(--accent) }
.soft { color: var(--soft) }
.state { font-weight: 600 }
.done { color: var(--good) } .failed, .died { color: var(--bad) } .interrupted, .running { color: var(--accent) }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 10px 24px; margin: 18px 0 0 }
dt { color: var(--soft); font-size: 12.5px } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; width: 100% }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12.5px }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
th.number, td.number { text-align: right; white-space: nowrap }
tr:last-child td { border-bottom: 0 }
.wide { overflow-x: auto }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 18px 24px }
.figure { overflow-x: auto } .figure figure { margin: 0 } .figure svg { max-width: 100%; height: auto; background: none }
.graph { overflow-x: auto; margin-bottom: 20px } .graph svg { max-width: 100%; height: auto }
.graph text { fill: var(--ink) } .graph .edge path { stroke: var(--soft) } .graph .edge polygon { stroke: var(--soft); fill: var(--soft) }
.graph .node path, .graph .node polygon { fill: var(--paper); stroke: var(--idle); stroke-width: 1.5 }
.graph .built path { stroke: var(--good) } .graph .cached path { stroke: var(--found) }
.graph .failed path { stroke: var(--bad); stroke-width: 2.5 } .graph .skipped path { stroke-dasharray: 4 3 }
.key { font-size: 12.5px; color: var(--soft); margin: 0 0 12px } .key b { font-weight: 600 }
.key .built { color: var(--good) } .key .cached { color: var(--found) } .key .failed { color: var(--bad) }
pre { background: color-mix(in srgb, var(--line) 35%, transparent); padding: 14px 16px; border-radius: 6px; overflow-x: auto; font: 12.5px/1.5 ui-monospace, DejaVu Sans Mono, monospace }
code { font: 0.9em ui-monospace, DejaVu Sans Mono, monospace }
details { margin: 12px 0 } summary { cursor: pointer; color: var(--accent) }
.problem { border-left: 3px solid var(--bad); padding: 2px 0 2px 14px; margin: 14px 0 }
@media print {
  main { max-width: none; padding: 0 } section { break-inside: avoid-page } details:not([open]) { display: none }
  h2 { break-after: avoid } .grid { grid-template-columns: 1fr 1fr }
}
`;
