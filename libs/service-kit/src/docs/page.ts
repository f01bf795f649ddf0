export function docsPage(title: string): string {
  const name = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/docs.css">
<script src="/docs/docs.js" defer></script>
</head>
<body>
<aside>
<header><h1>${name}</h1><p id="version"></p></header>
<label>Find <input id="filter" type="search" placeholder="route or word" autocomplete="off"></label>
<label>Token <input id="token" type="password" placeholder="if the node asks for one" autocomplete="off"></label>
<nav id="nav" aria-label="Routes"></nav>
<footer><a href="/openapi.json">openapi.json</a> <a href="/health">health</a> <a href="/metrics">metrics</a></footer>
</aside>
<main id="main"><p class="quiet">Reading /openapi.json …</p></main>
<noscript>This page needs JavaScript; /openapi.json says the same.</noscript>
</body>
</html>
`;
}
