// Drives ZoneMinder through the gateway in Chromium: gateway_zoneminder.mjs BASE FOLDER. In the environment: USER_NAME,
// USER_PASSWORD, TOTP_SECRET, EVENT (to play and export), VMS_PASSWORD (never to be seen). The last line is what it saw, as JSON.
import { createHash, createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.NODE_PATH, "x.js"));
const { chromium } = require("playwright-core");
const [base, folder] = process.argv.slice(2);
const { USER_NAME, USER_PASSWORD, TOTP_SECRET, VMS_PASSWORD, EVENT } = process.env;
const found = { pictures: {}, bad: [], complaints: [], cookies: [], strangers: [], secrets: [] };
const where = (url) => url.slice(base.length);

function totp(shift) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...TOTP_SECRET.replace(/=/g, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + shift));
  const digest = createHmac("sha1", key).update(step).digest();
  return String((digest.readUInt32BE(digest[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
const context = await browser.newContext({ ignoreHTTPSErrors: true, acceptDownloads: true, viewport: { width: 1200, height: 900 } });
const page = await context.newPage();
page.setDefaultTimeout(15000);
let phase = "start";
context.on("request", (request) => {
  if (!request.url().startsWith(base) && !/^(data|blob|about):/.test(request.url())) found.strangers.push(request.url());
});
context.on("response", async (response) => {
  if (response.status() >= 400) found.bad.push(`${phase}: ${response.status()} ${response.request().method()} ${where(response.url())}`);
  const set = (await response.allHeaders().catch(() => ({})))["set-cookie"];
  if (set) found.cookies.push(...set.split("\n").map((one) => one.split("=")[0]));
  if (VMS_PASSWORD && /text|json|script/.test(response.headers()["content-type"] || "")) {
    const text = await response.text().catch(() => "");
    if (text.includes(VMS_PASSWORD)) found.secrets.push(where(response.url()));
  }
});
page.on("console", (message) => {
  if (message.type() === "error") found.complaints.push(`${phase}: ${message.text()}`);
});
page.on("pageerror", (error) => found.complaints.push(`${phase}: ${error}`));

// Bytes of each answer's body as they came, by their address.
const devtools = await context.newCDPSession(page);
const asked = new Map();
found.bytes = [];
await devtools.send("Network.enable");
devtools.on("Network.requestWillBeSent", (event) => {
  asked.set(event.requestId, { phase, url: where(event.request.url), bytes: 0 });
});
devtools.on("Network.responseReceived", (event) => {
  if (asked.has(event.requestId)) Object.assign(asked.get(event.requestId), { status: event.response.status, type: event.response.mimeType });
});
devtools.on("Network.dataReceived", (event) => {
  if (asked.has(event.requestId)) asked.get(event.requestId).bytes += event.dataLength;
});

function enter(name) {
  phase = name;
}
const shot = (name) => page.screenshot({ path: `${folder}/${name}.png` });
const go = (address) => page.goto(base + address, { waitUntil: "domcontentloaded" });
// ZoneMinder's policy has no eval, which page.waitForFunction() needs.
async function until(what, argument) {
  for (let i = 0; i < 100; i++) {
    const got = await page.evaluate(what, argument);
    if (got) return got;
    await page.waitForTimeout(200);
  }
  throw new Error(`waited in vain for ${what}`);
}
const picture = (selector) => until((which) => {
  const all = [...document.querySelectorAll(which)].map((image) => image.naturalWidth);
  return all.length && all.every((width) => width > 0) ? all : null;
}, selector);

async function run() {
  enter("login");
  await go("/zm/");
  await page.fill("#user", USER_NAME);
  await page.fill("#password", USER_PASSWORD);
  await page.click("text=Go on");
  await page.fill("#code", totp(0));
  await page.click("button:has-text('Log in')");
  await page.waitForURL((url) => url.pathname.startsWith("/zm/"));

  enter("console");
  await go("/zm/index.php?view=console");
  await page.waitForSelector("table.consoleTable");
  found.console = (await page.locator("table.consoleTable").innerText()).replace(/\s+/g, " ");
  await page.waitForTimeout(2000);
  await shot("console");

  enter("watch");
  await go("/zm/index.php?view=watch&mid=1");
  found.pictures.watch = await picture("img[id^=liveStream]");
  await page.waitForTimeout(4000);
  found.status = (await page.locator("#monitorStatus").first().innerText()).replace(/\s+/g, " ");
  await shot("watch");

  enter("montage");
  await go("/zm/index.php?view=montage");
  found.pictures.montage = await picture("img[id^=liveStream]");
  await page.waitForTimeout(3000);
  await shot("montage");

  enter("events");
  await go("/zm/index.php?view=events");
  await page.waitForSelector("table tbody tr[data-index]");
  found.listed = await page.locator("table tbody tr[data-index]").count();
  await page.waitForTimeout(1500);
  await shot("events");

  enter("playback");
  await go(`/zm/index.php?view=event&eid=${EVENT}`);
  await until(() => {
    const video = document.querySelector("video");
    const image = document.querySelector("#evtStream");
    return (video && video.currentTime > 2) || (image && image.naturalWidth > 0);
  });
  found.video = await page.evaluate(() => {
    const video = document.querySelector("video");
    return video ? { width: video.videoWidth, seconds: video.duration } : null;
  });
  await page.waitForTimeout(3000);
  await shot("playback");

  enter("export");
  await go(`/zm/index.php?view=export&eid=${EVENT}`);
  await shot("export-before");
  if (!page.url().includes("/gatehouse/step-up")) await go(`/gatehouse/step-up?return=${encodeURIComponent(where(page.url()))}`);
  await page.fill("#reason", "Theft of a bicycle, case 4711");
  await page.fill("#code", totp(1));
  await shot("step-up");
  await page.click("button:has-text('Confirm')");
  await page.waitForSelector("#exportButton");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#exportButton")]);
  const bytes = readFileSync(await download.path());
  found.download = { name: download.suggestedFilename(), bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  await shot("export");

  enter("setting");
  await go("/zm/index.php?view=options&tab=web");
  await page.fill("input[name='newConfig[ZM_WEB_TITLE_PREFIX]']", "ZMtested");
  await shot("setting");
  await page.click("form[name=optionsForm] button[type=submit]");
  await page.waitForLoadState("domcontentloaded");
  await page.waitForTimeout(1000);
  found.title = await page.title();
  await shot("setting-after");

  enter("logout");
  found.jar = (await context.cookies()).map((cookie) => cookie.name);
  found.shown = await page.evaluate(() => document.cookie);
  await go("/gatehouse/logout");
  await page.click("main button");
  await page.waitForURL((url) => url.pathname === "/gatehouse/login");
  await go("/zm/index.php?view=console");
  found.after = where(page.url());
  enter("end");
}

try {
  await run();
} catch (error) {
  found.error = `${phase}: ${error}`;
  found.url = page.url();
  await shot("error").catch(() => {});
  found.page = await page.content().then((text) => text.replace(/<script[\s\S]*?<\/script>/g, "").slice(0, 1500)).catch(() => "");
}
await browser.close();
found.bytes = [...asked.values()];
console.log(JSON.stringify(found));
