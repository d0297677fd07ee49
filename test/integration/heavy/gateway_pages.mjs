// Drives the gateway's pages in Chromium: gateway_pages.mjs BASE TOKEN FOLDER; the last line is what it found, as JSON.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.NODE_PATH, "x.js"));
const { chromium } = require("playwright-core");
const axe = require("axe-core").source;
const [base, token, folder] = process.argv.slice(2);
const password = "plum garden seven trombones";
const found = { axe: {}, wide: [], strangers: [], complaints: [], secret_sent: false };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
const context = await browser.newContext({ bypassCSP: false });
const page = await context.newPage();
page.setDefaultTimeout(15000);
page.on("request", (request) => {
  if (!request.url().startsWith(base) && !request.url().startsWith("data:")) found.strangers.push(request.url());
  if (request.url().includes(token)) found.secret_sent = true;
});
page.on("console", (message) => {
  const status = /status of (403|422|503)/.test(message.text());
  if (["error", "warning"].includes(message.type()) && !status) found.complaints.push(message.text());
});
page.on("pageerror", (error) => found.complaints.push(String(error)));

const devtools = await context.newCDPSession(page);
await devtools.send("WebAuthn.enable", { enableUI: false });
await devtools.send("WebAuthn.addVirtualAuthenticator", { options: {
  protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true,
  hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });

async function look(name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const world = await devtools.send("Page.createIsolatedWorld", {
      frameId: (await devtools.send("Page.getFrameTree")).frameTree.frame.id });
    const ask = (expression) => devtools.send("Runtime.evaluate", {
      expression, contextId: world.executionContextId, awaitPromise: true, returnByValue: true });
    await ask(axe);
    const result = await ask("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => v.id + ' ' + v.nodes[0].html))");
    if (result.result.value.length !== 0) found.axe[`${name} ${colorScheme}`] = result.result.value;
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 320, height: 640 });
  if (await page.evaluate(() => document.documentElement.scrollWidth > 320)) found.wide.push(name);
  await page.screenshot({ path: `${folder}/${name}-phone.png`, fullPage: true });
  await page.setViewportSize({ width: 1100, height: 800 });
  await page.emulateMedia({ colorScheme: "light" });
}

const reach = (where) => page.waitForURL((url) => url.pathname === where);
const pathOf = () => { const url = new URL(page.url()); return url.pathname + url.search; };

await page.goto(`${base}/gatehouse/enrol#${token}`);
await page.waitForFunction(() => document.getElementById("link").value.length === 43);
found.address_after = pathOf() + new URL(page.url()).hash;
await look("enrol");
await page.click("#enrol button");
await reach("/gatehouse/enrol/steps");
await page.fill("#password", "short");
await look("password");
await page.fill("#password", password);
await page.fill("#again", password);
await page.click("button");
await page.waitForSelector("form[data-passkey=create]:not([hidden])");
await look("choose");
await page.click("text=Use one-time codes");
await page.waitForSelector(".qr");
await look("qr");
await page.goto(`${base}/gatehouse/enrol/steps`);
await page.click("text=Make a passkey");
await page.waitForSelector(".codes li");
found.codes = await page.locator(".codes li").count();
const codes = await page.locator(".codes code").allTextContents();
await look("codes");
await page.check("#kept");
await page.click("button");
await reach("/gatehouse/login");

await page.goto(`${base}/gatehouse/login?return=${encodeURIComponent("/zm/?a=1")}`);
await look("login");
await page.focus("#user");
found.keyboard = [];
for (let i = 0; i < 3; i++) {
  found.keyboard.push(await page.evaluate(() => document.activeElement.id || document.activeElement.tagName));
  await page.keyboard.press("Tab");
}
await page.click("text=Log in with a passkey");
await reach("/zm/");
found.alone = page.url();

await page.goto(`${base}/gatehouse/sessions`);
await look("sessions");
await page.goto(`${base}/gatehouse/accesses`);
await look("accesses");
await page.goto(`${base}/gatehouse/factors`);
await look("factors-before");
await page.click("text=confirm first");
await look("stepup");
await page.fill("#reason-passkey", "Police case 4711");
await page.click("text=Use a passkey");
await reach("/gatehouse/factors");
found.stepped = pathOf();
await look("factors");
await page.goto(`${base}/gatehouse/denied`);
await look("denied");
await page.goto(`${base}/gatehouse/unavailable`);
await look("unavailable");
await page.goto(`${base}/gatehouse/logout`);
await look("logout");
await page.click("main button");
await reach("/gatehouse/login");

await page.fill("#user", "anna");
await page.fill("#password", "wrong, of course");
await page.keyboard.press("Enter");
await page.waitForSelector("#trouble");
await look("refused");
await page.fill("#user", "anna");
await page.fill("#password", password);
await page.keyboard.press("Enter");
await reach("/gatehouse/login/second");
await look("second");
await page.click("text=Use a passkey");
await reach("/");
found.second = pathOf();

const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
await plain.goto(`${base}/gatehouse/login`);
found.plain = { passkey: await plain.isVisible("text=Log in with a passkey") };
await plain.fill("#user", "anna");
await plain.fill("#password", password);
await plain.click("text=Go on");
await plain.click("summary");
await plain.fill("#recovery", codes[0]);
await plain.click("details button");
await plain.waitForURL(`${base}/`);
found.plain.login = true;
await browser.close();
console.log(JSON.stringify(found));
