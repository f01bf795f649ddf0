export const docsStyle = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1a2230, #dfe5ee); --quiet: light-dark(#5d6878, #93a0b3);
  --paper: light-dark(#ffffff, #12161d); --side: light-dark(#f5f7fa, #171c25);
  --line: light-dark(#dfe4ea, #2a323e); --code: light-dark(#f2f4f8, #1d2430);
  --get: light-dark(#0a6cbd, #58a9f2); --post: light-dark(#177a45, #57c98a);
  --put: light-dark(#9a5b00, #e2a84b); --delete: light-dark(#b3261e, #f28b82);
  --accent: light-dark(#4b3fbf, #a79df5);
  font: 15px/1.55 system-ui, "Segoe UI", Roboto, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 290px minmax(0, 1fr); color: var(--ink); background: var(--paper); }
aside { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 20px 18px; background: var(--side); border-right: 1px solid var(--line); }
aside h1 { margin: 0; font-size: 19px; letter-spacing: -.01em; }
aside p { margin: 2px 0 14px; color: var(--quiet); font-size: 13px; }
aside label { display: block; margin: 8px 0; color: var(--quiet); font-size: 12px; }
nav h2 { margin: 18px 0 4px; color: var(--quiet); font-size: 11px; letter-spacing: .08em; text-transform: uppercase; }
nav a { display: flex; gap: 8px; align-items: baseline; padding: 3px 6px; border-radius: 6px; color: inherit; font-size: 13px; text-decoration: none; }
nav a:hover, nav a:focus-visible { background: var(--code); }
nav a span:last-child { overflow-wrap: anywhere; }
aside footer { margin-top: 22px; display: flex; gap: 12px; font-size: 12px; }
a { color: var(--accent); }
main { max-width: 1000px; padding: 28px 40px 30vh; }
.lead { max-width: 68ch; font-size: 16px; }
.quiet { color: var(--quiet); }
article { padding: 26px 0 30px; border-top: 1px solid var(--line); scroll-margin-top: 0; }
article h3 { display: flex; gap: 12px; align-items: baseline; margin: 0; font: 600 18px/1.4 ui-monospace, "SF Mono", Consolas, monospace; overflow-wrap: anywhere; }
article h4 { margin: 20px 0 6px; font-size: 13px; color: var(--quiet); }
.method { flex: none; font: 700 11px/1.6 ui-monospace, Consolas, monospace; text-transform: uppercase; }
nav .method { width: 44px; }
h3 .method { padding: 1px 8px; border: 1px solid currentColor; border-radius: 6px; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); } .delete { color: var(--delete); }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
td { padding: 6px 12px 6px 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { width: 210px; white-space: nowrap; }
td.mono:first-child { width: 64px; }
code, pre, textarea, .mono { font: 13px/1.5 ui-monospace, "SF Mono", Consolas, monospace; }
.required { color: var(--delete); font-size: 12px; }
.type { color: var(--quiet); font-size: 13px; }
pre { margin: 8px 0; padding: 12px 14px; overflow: auto; max-height: 420px; background: var(--code); border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
input, textarea, button { font: inherit; color: inherit; }
input, textarea { width: 100%; padding: 7px 10px; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
textarea { min-height: 44px; resize: vertical; font: 13px/1.5 ui-monospace, Consolas, monospace; }
input:focus-visible, textarea:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
form { margin-top: 18px; padding: 16px; background: var(--side); border: 1px solid var(--line); border-radius: 12px; }
form label { display: block; margin-bottom: 10px; font-size: 13px; color: var(--quiet); }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
button { padding: 7px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); cursor: pointer; }
button[type=submit] { border-color: var(--accent); background: var(--accent); color: var(--paper); font-weight: 600; }
button:disabled { opacity: .5; cursor: progress; }
.status { font-weight: 700; } .good { color: var(--post); } .bad { color: var(--delete); }
.key { color: var(--get); } .string { color: var(--post); } .number { color: var(--put); } .word { color: var(--accent); }
[hidden] { display: none !important; }
@media (max-width: 760px) {
  body { display: block; } aside { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); }
  nav { max-height: 220px; overflow: auto; } main { padding: 20px 18px 20vh; }
}
`;
