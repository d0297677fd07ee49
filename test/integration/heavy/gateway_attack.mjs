// What a script of a VMS's page tries: it has the origin of the gateway's pages and the session of whoever looks.

/* Runs in the page. */
async function try_all(secret_marks) {
  const pause = (time) => new Promise((done) => { setTimeout(done, time); });
  const pages = ["login", "enrol", "step-up", "factors", "sessions", "accesses", "logout"].map((name) => `/gatehouse/${name}`);
  const told = { leaks: [], answers: {}, workers: [], passkeys: {}, cookie: document.cookie };
  const look = (how, text) => {
    if (secret_marks.some((mark) => (text || "").includes(mark))) told.leaks.push(how);
  };
  for (const page of pages) {
    for (const [name, options] of Object.entries({
      plain: {}, same: { mode: "same-origin" }, html: { headers: { Accept: "text/html", "X-Requested-With": "x" } },
      lying: { headers: { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" } }, post: { method: "POST", body: "token=x" } })) {
      const answer = await fetch(page, options).catch(() => null);
      look(`fetch ${name} ${page}`, answer && await answer.text());
      told.answers[`${name} ${page}`] = answer && answer.status;
    }
    await new Promise((done) => {
      const old = new XMLHttpRequest();
      old.open("GET", page);
      old.onloadend = () => { look(`xhr ${page}`, old.responseText); done(); };
      old.send();
    });
    const blob = URL.createObjectURL(new Blob([`fetch("${location.origin}${page}").then((a) => a.text()).then(postMessage)`]));
    await new Promise((done) => {
      const worker = new Worker(blob);
      worker.onmessage = ({ data }) => { look(`worker ${page}`, data); done(); };
      worker.onerror = done;
      setTimeout(done, 1000);
    });
    await pause(150);
  }
  for (const kind of ["iframe", "object", "embed"]) {
    const frame = document.createElement(kind);
    frame[kind === "object" ? "data" : "src"] = "/gatehouse/factors";
    document.body.append(frame);
    await pause(500);
    try { look(kind, (frame.contentDocument || frame.getSVGDocument()).documentElement.outerHTML); } catch { /* refused */ }
    frame.remove();
  }
  for (const first of ["/gatehouse/factors", "/gatehouse/step-up", "/"]) {
    const other = window.open(first, "other");
    await pause(1500);
    if (first === "/" && other) { other.location = "/gatehouse/factors"; await pause(1500); }
    try { look(`window ${first}`, other.document.documentElement.outerHTML); } catch { /* refused */ }
    try { other.close(); } catch { /* gone */ }
  }
  for (const script of ["/sw.js", "/assets/index-0a1b2c3d.js", "/gatehouse/gatehouse.js"]) {
    try {
      const made = await navigator.serviceWorker.register(script, { scope: script.startsWith("/gatehouse/") ? "/gatehouse/" : "/" });
      told.workers.push(made.scope);
    } catch { /* refused */ }
  }
  for (const path of ["step-up/passkey-options", "factors/passkey-options", "factors/recovery", "factors/totp", "sessions"]) {
    const answer = await fetch(`/gatehouse/${path}`, { method: "POST", body: new URLSearchParams({ token: "A".repeat(43), end: "all", name: "x" }) });
    const text = await answer.text();
    look(`post ${path}`, text);
    told.answers[`no token ${path}`] = answer.status;
    if (text.includes("challenge")) told.leaks.push(`challenge ${path}`);
  }
  /* A passkey of ours, asked for with a challenge of somebody else's log-in. */
  const ask = (where) => Promise.race([pause(3000), where.navigator.credentials.get({ publicKey: {
    challenge: new Uint8Array(32), rpId: location.hostname, userVerification: "required", timeout: 2000 } })
    .then(() => "given", (error) => error.message)]);
  told.passkeys.page = await ask(window);
  for (const place of ["/api/config", "/assets/index-0a1b2c3d.js", "/api/front/latest.jpg"]) {
    const other = window.open(place, "other");
    await pause(1000);
    try { told.passkeys[place] = await ask(other) || "asked"; } catch (error) { told.passkeys[place] = error.message; }
    try { other.close(); } catch { /* gone */ }
  }
  return told;
}

/* Marks of what no script may get: a form's token, a recovery code, a key, a session. */
export const attack = (page) => page.evaluate(try_all, ['name="token"', 'class="codes"', 'class="key"', "challenge", "logged in. If you"]);

/* A form that the script sends for the person: it opens a page of ours, which does nothing of it. */
export async function forge(page, action, fields) {
  await page.evaluate(([where, rows]) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: where });
    for (const [name, value] of Object.entries(rows)) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(form);
    form.submit();
  }, [action, fields]);
  await page.waitForSelector("h1");
  return page.locator("h1").textContent();
}
