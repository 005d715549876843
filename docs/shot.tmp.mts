import { launchBrowser } from "./test/lib/browser.ts";
import { serveBuiltSite } from "./test/lib/built-site.ts";
import { openPage } from "./test/lib/visit.ts";
const site = await serveBuiltSite(); const b = await launchBrowser();
const d = await b.newContext({viewport:{width:1280,height:800}});
let p = await openPage(d, site, "");
console.log(await p.evaluate(()=>[".VPHero",".VPHero .container",".VPHero .main",".VPHero .image",".VPHero .image-container",".front .container .language-sh, .front .vp-doc"].map(s=>{const e=document.querySelector(s)!;const r=e.getBoundingClientRect();return s+" "+[r.top,r.bottom,r.height].map(Math.round)+" "+getComputedStyle(e).padding+" m "+getComputedStyle(e).margin})));
await p.screenshot({path:"docs/screenshots/h1.png"});
for (const w of [768,960,1100]) { const c=await b.newContext({viewport:{width:w,height:700}}); const q=await openPage(c,site,"builder"); await q.screenshot({path:`docs/screenshots/w${w}.png`}); 
 console.log(w, await q.evaluate(()=>document.documentElement.scrollWidth)); await c.close(); }
const m = await b.newContext({viewport:{width:390,height:844},isMobile:true,hasTouch:true});
for (const [n,path] of [["m1",""],["m2","start"],["m3","command-line"]]) { const q=await openPage(m,site,path); await q.screenshot({path:`docs/screenshots/${n}.png`}); 
 if(n=="m3"){ await q.locator(".VPLocalNavOutlineDropdown button").click(); await q.waitForTimeout(500); await q.screenshot({path:"docs/screenshots/m4.png"}); } }
p = await openPage(d, site, "benchmarks"); await p.screenshot({path:"docs/screenshots/h2.png"});
console.log("cut", await p.evaluate(()=>[...document.querySelectorAll(".outline-link")].filter(e=>e.scrollWidth>e.clientWidth).length));
await b.close(); process.exit(0);
