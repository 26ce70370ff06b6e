"""Page: what the browser does – opens a slide and jumps, anew for each place, and sends what it took."""

from __future__ import annotations

PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>peer</title>
<style>body { margin: 0 } #view { width: %(width)dpx; height: %(height)dpx }</style>
<div id="view"></div>
<script src="openseadragon.js"></script>
<script>
const places = %(places)s, figures = { open_ms: [], first_ms: [], jump_ms: [] };
const send = (path, facts) => fetch(path, { method: "POST", body: JSON.stringify(facts) });
const pause = (ms) => new Promise((go) => setTimeout(go, ms));
window.onerror = (text) => send("fault", { text });
window.onunhandledrejection = (event) => send("fault", { text: String(event.reason) });

// A view that has seen nothing else, of a slide whose tiles have addresses that the browser has not seen.
async function visit(number, [x, y]) {
  let arrived, first;
  const sharp = () => new Promise((go) => { arrived = go; });
  const opened = sharp(), started = performance.now();
  const viewer = OpenSeadragon({
    id: "view", tileSources: `${number}/slide.dzi`, drawer: "canvas", immediateRender: true, animationTime: 0,
    blendTime: 0, maxTilesPerFrame: %(tiles)d, showNavigationControl: false, showNavigator: false,
  });
  viewer.addHandler("open-failed", (event) => { throw new Error(event.message); });
  viewer.addHandler("tile-drawn", () => { first ??= performance.now(); });
  // The frame that is complete is drawn right after this is said, in the same turn.
  viewer.addHandler("open", () => viewer.world.getItemAt(0).addHandler("fully-loaded-change", (event) => {
    if (event.fullyLoaded) queueMicrotask(() => arrived(performance.now()));
  }));
  figures.page_ms ??= await opened;  // counted from the navigation
  figures.open_ms.push(await opened - started);
  figures.first_ms.push(first - started);
  await pause(300);
  const jumped = sharp(), left = performance.now(), viewport = viewer.viewport;
  viewport.zoomTo(viewport.imageToViewportZoom(1), null, true);
  viewport.panTo(viewport.imageToViewportCoordinates(x, y), true);
  figures.jump_ms.push(await jumped - left);
  await pause(100);
  const canvas = document.querySelector("#view canvas");
  Object.assign(figures, { width: canvas.width, height: canvas.height, ratio: devicePixelRatio });
  viewer.destroy();
}

(async () => {
  for (const [number, place] of places.entries()) await visit(number, place);
  send("figures", figures);
})();
</script>
"""
