// Helpers of gateway_browse.mjs: Chromium, what it must never see on a page of Gatehouse, looks, keys and codes.
import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.NODE_PATH, "x.js"));
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;

export const found = { axe: {}, wide: [], strangers: [], complaints: [], headers: [], moving: [], secrets_sent: 0 };
export const pause = (time) => new Promise((done) => { setTimeout(done, time); });

/* What every answer of Gatehouse's own says. */
const rules = {
  "content-security-policy": /default-src 'none'.*form-action 'self'; frame-ancestors 'none'; base-uri 'none'/,
  "x-frame-options": /^DENY$/, "x-content-type-options": /^nosniff$/, "referrer-policy": /^no-referrer$/,
  "cross-origin-opener-policy": /^same-origin$/, "cross-origin-resource-policy": /^same-origin$/,
  "strict-transport-security": /max-age=31536000/, "cache-control": /^no-store$|^no-cache$/,
};

export class House {
  constructor({ base, folder, key }) {
    Object.assign(this, { base, folder, key, secrets: [], is_quiet: false });
  }

  async open() {
    this.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM, headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", `--ignore-certificate-errors-spki-list=${this.key}`],
    });
  }

  /* A browser of somebody's own, with a passkey in it. */
  async person(options = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(15000);
    context.on("request", (request) => this.see(request));
    context.on("response", (response) => this.check(response));
    page.on("console", (message) => {
      const told = /status of (401|403|422|502|503)/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !told && !this.is_quiet) found.complaints.push(message.text());
    });
    page.on("pageerror", (error) => found.complaints.push(String(error)));
    const tools = await context.newCDPSession(page);
    await tools.send("WebAuthn.enable", { enableUI: false });
    const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
      hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
    const verified = (isUserVerified) => tools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    return { context, page, tools, verified };
  }

  see(request) {
    const url = request.url();
    if (!url.startsWith(this.base) && !/^(data|blob):/.test(url)) found.strangers.push(url);
    for (const secret of this.secrets) found.secrets_sent += url.includes(secret) ? 1 : 0;
  }

  async check(response) {
    const where = new URL(response.url()).pathname;
    const said = await response.allHeaders().catch(() => null);
    if (!where.startsWith("/gatehouse") || said === null || response.status() === 429) return;
    for (const [name, pattern] of Object.entries(rules)) {
      if (!pattern.test(said[name] || "")) found.headers.push(`${where} ${response.status()} ${name}: ${said[name]}`);
    }
  }

  /* Pictures in light, dark and on a phone; what axe finds; whether anything is too wide or moves. */
  async look(who, name) {
    const { page, tools } = who;
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const tree = await tools.send("Page.getFrameTree");
      const world = await tools.send("Page.createIsolatedWorld", { frameId: tree.frameTree.frame.id });
      const ask = async (expression) => (await tools.send("Runtime.evaluate", {
        expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true })).result.value;
      await ask(axe);
      const bad = await ask("axe.run(document, {resultTypes: ['violations']})" +
        ".then((r) => r.violations.map((v) => v.id + ' ' + v.nodes[0].html))");
      if (bad.length !== 0) found.axe[`${name} ${colorScheme}`] = bad;
      if (await page.evaluate(() => document.getAnimations().length) !== 0) found.moving.push(name);
      await page.screenshot({ path: `${this.folder}/${name}-${colorScheme}.png`, fullPage: true });
    }
    await page.emulateMedia({ colorScheme: "light" });
    for (const [width, size] of [[360, "100%"], [320, "100%"], [360, "200%"], [640, "200%"]]) {
      await page.setViewportSize({ width, height: 640 });
      await page.evaluate((given) => { document.documentElement.style.fontSize = given; }, size);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.wide.push(`${name} ${width} ${size}`);
      if (width === 360) await page.screenshot({ path: `${this.folder}/${name}-phone-${size.slice(0, -1)}.png`, fullPage: true });
    }
    await page.evaluate(() => { document.documentElement.style.fontSize = ""; });
    await page.setViewportSize({ width: 1100, height: 800 });
  }
}

export const reach = (page, where) => page.waitForURL((url) => url.pathname === where);

/* What a screen reader says at once: the alert, if it has the focus. */
export async function alerted(page, id = "trouble") {
  await page.waitForSelector(`#${id}:not([hidden])`);
  return page.evaluate((given) => {
    const alert = document.getElementById(given);
    return alert.getAttribute("role") === "alert" && document.activeElement === alert ? alert.textContent : "";
  }, id);
}

/* Tab until that is focused; how often. */
export async function tab_to(page, selector) {
  for (let i = 0; i < 40; i++) {
    if (await page.evaluate((given) => document.activeElement.matches(given), selector)) return i;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

/* The key in a picture of a QR code, as a phone reads it. */
export async function read_qr(page, file) {
  await page.locator(".qr").screenshot({ path: file });
  const read = spawnSync("zbarimg", ["-q", "--raw", file], { encoding: "utf8" });
  const uri = new URL(read.stdout.trim());
  if (uri.protocol !== "otpauth:" || uri.host !== "totp") throw new Error(`a QR code of something else: ${uri}`);
  return { secret: uri.searchParams.get("secret"), label: decodeURIComponent(uri.pathname) };
}

/* One-time codes (RFC 6238) of steps that follow each other. */
export class Codes {
  constructor(secret) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
    this.key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    this.step = Math.floor(Date.now() / 30000) - 2;
  }

  /* The next one that counts; waits when the clock is not there yet. */
  async next() {
    this.step = Math.max(this.step + 1, Math.floor(Date.now() / 30000) - 1);
    while (this.step > Math.floor(Date.now() / 30000) + 1) await pause(500);
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(this.step));
    const digest = createHmac("sha1", this.key).update(counter).digest();
    const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
    return String(number % 1000000).padStart(6, "0");
  }
}
