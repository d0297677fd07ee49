// People before a running gateway, in Chromium: gateway_browse.mjs, told by BROWSE (JSON); the last line is what was found.
import { attack, forge } from "./gateway_attack.mjs";
import { alerted, Codes, found, House, pause, reach, read_qr, tab_to } from "./gateway_pages.mjs";

const told = JSON.parse(process.env.BROWSE);
const { base, folder, event } = told;
const password = "plum garden seven trombones";
const house = new House(told);
const clip = `/api/events/${event}/clip.mp4`;
const path_of = (page) => { const url = new URL(page.url()); return url.pathname + url.search; };
const type = async (page, words) => page.keyboard.type(words);
const press = async (page, key) => page.keyboard.press(key);
const body = (page) => page.locator("main").innerText();

/* Follows a one-time link as far as the choice of a second factor, by keyboard alone. */
async function begin(who, link, looks) {
  const { page } = who;
  house.secrets.push(link.split("#")[1]);
  await page.goto(link);
  await page.waitForFunction(() => document.getElementById("link").value.length === 43);
  if (looks) {
    found.address_after = path_of(page) + new URL(page.url()).hash;
    await house.look(who, "enrol");
  }
  await tab_to(page, "#enrol button");
  await press(page, "Enter");
  await reach(page, "/gatehouse/enrol/steps");
  await tab_to(page, "#password");
  if (looks) {
    await type(page, "short");
    found.strength = await page.locator("#strength").textContent();
    await house.look(who, "password");
    await page.fill("#password", "");
  }
  await type(page, password);
  await tab_to(page, "#again");
  await type(page, password);
  await press(page, "Enter");
  await page.waitForSelector("form[data-passkey=create]:not([hidden])");
}

async function keep_codes(who, looks) {
  const { page } = who;
  await page.waitForSelector(".codes li");
  const codes = await page.locator(".codes code").allTextContents();
  house.secrets.push(...codes);
  if (looks) await house.look(who, "codes");
  await tab_to(page, "#kept");
  await press(page, "Space");
  await tab_to(page, "main button");
  await press(page, "Enter");
  await reach(page, "/gatehouse/login");
  return codes;
}

async function give_password(page, name, words = password) {
  await tab_to(page, "#user");
  await type(page, name);
  await tab_to(page, "#password");
  await type(page, words);
  await press(page, "Enter");
}

/* The administrator: one-time codes, everything by keyboard. */
async function administrator() {
  const who = await house.person();
  const { page } = who;
  await begin(who, told.link, true);
  await house.look(who, "choose");
  await tab_to(page, "form[action='/gatehouse/enrol/totp'] button");
  await press(page, "Enter");
  await page.waitForSelector(".qr");
  await house.look(who, "qr");
  const first = await read_qr(page, `${folder}/qr.png`);
  await tab_to(page, "#code");
  await type(page, "000000");
  await press(page, "Enter");
  found.wrong_while_enrolling = await alerted(page);
  const second = await read_qr(page, `${folder}/qr.png`);
  found.qr = { label: second.label, is_new: first.secret !== second.secret, fits: second.secret === await page.locator(".key").textContent() };
  who.codes = new Codes(second.secret);
  await tab_to(page, "#code");
  await type(page, await who.codes.next());
  await press(page, "Enter");
  who.recovery = await keep_codes(who, true);
  found.recovery_codes = who.recovery.length;

  await page.goto(`${base}/api/front/latest.jpg`);
  found.asked_to = path_of(page);
  await pause(300);
  found.login_focus = await page.evaluate(() => document.activeElement.id);
  await house.look(who, "login");
  await give_password(page, "root-of-all", "wrong, of course");
  found.wrong_password = await alerted(page);
  await house.look(who, "refused");
  await page.fill("#user", "");
  await give_password(page, "root-of-all");
  await reach(page, "/gatehouse/login/second");
  await house.look(who, "second");
  await tab_to(page, "#code");
  await type(page, "000000");
  await press(page, "Enter");
  found.wrong_code = await alerted(page);
  await tab_to(page, "#code");
  await type(page, await who.codes.next());
  await press(page, "Enter");
  await reach(page, "/api/front/latest.jpg");
  found.arrived = path_of(page);
  return who;
}

async function step_up(who) {
  const { page, codes } = who;
  await page.goto(base + clip);
  found.export_asks = path_of(page);
  await house.look(who, "stepup");
  await tab_to(page, "#reason");
  await type(page, "   ");
  await tab_to(page, "#code");
  await type(page, await codes.next());
  await press(page, "Enter");
  found.blank_reason = await alerted(page);
  await house.look(who, "stepup-blank");
  await tab_to(page, "#reason");
  await press(page, "Control+a");
  await type(page, "Police case 4711");
  await tab_to(page, "#code");
  await type(page, await codes.next());
  const coming = page.waitForEvent("download");
  await press(page, "Enter");
  const file = await (await coming).path();
  found.export_bytes = (await import("node:fs")).statSync(file).size;
}

/* With a session that is stepped up: what scripts of the VMS's pages get. */
async function hostile(who) {
  const page = await who.context.newPage();
  house.is_quiet = true;
  await page.goto(`${base}/`);
  found.attack = await attack(page);
  found.forged = {};
  for (const [action, fields] of Object.entries({
    "/gatehouse/factors/recovery": { token: "A".repeat(43) }, "/gatehouse/factors/totp": {}, "/gatehouse/sessions": { end: "all" },
    "/gatehouse/step-up": { reason: "because", kind: "totp", code: "123456" } })) {
    await page.goto(`${base}/`);
    found.forged[action] = await forge(page, action, fields);
  }
  for (const left of who.context.pages()) {
    if (left !== who.page) await left.close();
  }
  house.is_quiet = false;
  await who.page.bringToFront();
  await who.page.goto(`${base}/gatehouse/factors`);
  found.after_attack = await body(who.page);
}

async function factors(who) {
  const { page } = who;
  await page.goto(`${base}/gatehouse/factors`);
  await tab_to(page, "form[data-passkey] button");
  await press(page, "Enter");
  await page.waitForSelector(".cards li");
  found.added = await page.locator(".cards li").count();
  await house.look(who, "factors");
  await tab_to(page, ".cards button");
  await press(page, "Enter");
  await page.waitForSelector(".cards li", { state: "detached" });
  await page.click("text=Make ten new ones");
  await page.waitForSelector(".codes li");
  who.recovery = await page.locator(".codes code").allTextContents();
  await house.look(who, "factors-codes");
}

/* Anna: a passkey and nothing else, and a role for one camera. */
async function anna() {
  const who = await house.person();
  const { page } = who;
  await begin(who, told.anna);
  await tab_to(page, "form[data-passkey] button");
  await press(page, "Enter");
  who.recovery = await keep_codes(who);

  await page.goto(`${base}/gatehouse/login?return=${encodeURIComponent("/?a=1")}`);
  await tab_to(page, "form[data-passkey] button");
  await press(page, "Enter");
  await page.waitForURL(`${base}/?a=1`);
  await page.goto(`${base}/gatehouse/logout`);
  await house.look(who, "logout");
  await tab_to(page, "main button");
  await press(page, "Enter");
  await reach(page, "/gatehouse/login");
  await page.goto(`${base}/gatehouse/sessions`);
  found.logged_out = path_of(page);

  await who.verified(false);
  await page.click("text=Log in with a passkey");
  found.unverified = await alerted(page, "script-trouble");
  await who.verified(true);
  await give_password(page, "anna");
  await reach(page, "/gatehouse/login/second");
  await page.click("text=Use a passkey");
  await reach(page, "/gatehouse/sessions");

  await page.goto(`${base}/gatehouse/factors`);
  await house.look(who, "factors-before");
  await page.click("text=confirm first");
  await house.look(who, "stepup-passkey");
  await page.fill("#reason-passkey", "My own account");
  await page.click("text=Use a passkey");
  await reach(page, "/gatehouse/factors");
  await page.click(".cards button");
  found.last_factor = await alerted(page);
  return who;
}

/* What anna watches; then she ends the other session. */
async function sessions(who) {
  const { page } = who;
  const other = await house.person();
  await other.page.goto(`${base}/`);
  await give_password(other.page, "anna");
  await reach(other.page, "/gatehouse/login/second");
  await other.page.click("summary");
  await other.page.fill("#recovery", who.recovery[0]);
  await other.page.click("details button");
  await other.page.waitForURL(`${base}/`);
  house.is_quiet = true;
  const ended = other.page.evaluate(async () => {
    const stream = (await fetch("/api/front?fps=5")).body.getReader();
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await stream.read();
        if (done) break;
        bytes += value.length;
      }
    } catch { /* cut */ }
    return { bytes, at: Date.now(), status: (await fetch("/api/config")).status };
  });
  await pause(1500);
  await page.goto(`${base}/gatehouse/sessions`);
  await house.look(who, "sessions");
  found.sessions = await page.locator(".cards li").count();
  const clicked = Date.now();
  await page.click(".cards li:not(:has(.mark)) button");
  const end = await ended;
  found.ended = { ...end, after: end.at - clicked };
  house.is_quiet = false;
  await other.page.goto(`${base}/`);
  found.other_now = path_of(other.page);

  await page.goto(`${base}/api/back/latest.jpg`);
  found.denied = await body(page);
  await house.look(who, "denied");
  let seen = "";
  for (let i = 0; i < 40 && !(seen.includes("Live video") && seen.includes("icture")); i++) {
    await pause(500);
    await page.goto(`${base}/gatehouse/accesses`);
    seen = await body(page);
  }
  found.accesses = seen;
  await house.look(who, "accesses");
}

/* Without JavaScript: everything but passkeys. */
async function plain() {
  const { page } = await house.person({ javaScriptEnabled: false });
  const [address, secret] = told.bert.split("#");
  await page.goto(address);
  await page.fill("#link", secret);
  await page.click("text=Begin");
  await page.fill("#password", password);
  await page.fill("#again", password);
  await page.click("main button");
  found.plain = { passkey: await page.isVisible("text=Make a passkey") };
  await page.click("text=Use one-time codes");
  const codes = new Codes((await read_qr(page, `${folder}/qr.png`)).secret);
  await page.fill("#code", await codes.next());
  await page.click("text=Confirm");
  const kept = await page.locator(".codes code").allTextContents();
  await page.check("#kept");
  await page.click("text=Done");
  await page.fill("#user", "bert");
  await page.fill("#password", password);
  await page.click("text=Go on");
  await page.fill("#code", await codes.next());
  await page.click("text=Log in");
  await page.goto(`${base}/gatehouse/step-up?return=/gatehouse/factors`);
  await page.click("summary");
  await page.fill("#reason-recovery", "To make new codes");
  await page.fill("#recovery", kept[0]);
  await page.click("details button");
  found.plain.stepped = path_of(page);
  await page.goto(`${base}/gatehouse/sessions`);
  await page.click("text=End all, this one too");
  found.plain.ended = path_of(page);
}

/* The ledger can't be written; then the VMS is gone. */
async function trouble(who, chief) {
  const { page } = who;
  process.kill(told.keeper, "SIGSTOP");
  try {
    await page.goto(`${base}/api/front/latest.jpg`);
    found.unavailable = await body(page);
    await house.look(who, "unavailable");
    await chief.page.goto(`${base}/gatehouse/logout`);
    await chief.page.click("main button");
    await give_password(chief.page, "root-of-all");
    await reach(chief.page, "/gatehouse/login/second");
    await chief.page.click("summary");
    await chief.page.fill("#recovery", chief.recovery[0]);
    await chief.page.click("details button");
    await chief.page.waitForSelector("button.danger");
    await house.look(chief, "emergency");
    await chief.page.fill("#reason", "Intruder at the back door");
    await chief.page.click("button.danger");
    await reach(chief.page, "/");
    await chief.page.goto(`${base}/api/front/latest.jpg`);
    found.broken_glass = path_of(chief.page);
  } finally {
    process.kill(told.keeper, "SIGCONT");
  }
  await chief.page.goto(`${base}/gatehouse/sessions`);
  await house.look(chief, "sessions-emergency");
  process.kill(told.vms, "SIGTERM");
  await pause(6000);
  await page.goto(`${base}/api/front/latest.jpg`);
  found.vms_gone = await body(page);
}

await house.open();
try {
  const chief = await administrator();
  await step_up(chief);
  await hostile(chief);
  await factors(chief);
  const one = await anna();
  await sessions(one);
  await plain();
  await trouble(one, chief);
} catch (error) {
  for (const context of house.browser.contexts()) {
    for (const page of context.pages()) console.error(page.url(), await page.locator("body").innerText().catch(() => ""));
  }
  throw error;
} finally {
  console.log(JSON.stringify(found));
  await house.browser.close();
}
