/* Passkeys, and small comforts; everything else works without it. */
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function complain(words) {
  const place = document.getElementById("script-trouble");
  place.textContent = words;
  place.hidden = false;
  place.tabIndex = -1;
  place.focus();
}

async function post(path, fields) {
  const answer = await fetch(path, {
    method: "POST", credentials: "same-origin", redirect: "follow",
    body: new URLSearchParams(fields),
  });
  if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
    location.reload();
    return new Promise(() => {});
  }
  const json = await answer.json();
  if (!answer.ok) {
    throw new Error(json.trouble || "That did not work.");
  }
  return json;
}

const known = (list) => (list || []).map((row) => ({ ...row, id: bytes(row.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    },
  });
  return {
    id: made.id, rawId: text(made.rawId), type: made.type,
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports ? made.response.getTransports() : [],
    },
  };
}

async function get(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: known(options.allowCredentials),
    },
  });
  return {
    id: found.id, rawId: text(found.rawId), type: found.type,
    response: {
      clientDataJSON: text(found.response.clientDataJSON),
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
    },
  };
}

async function ceremony(form) {
  const other = document.getElementById(form.dataset.with);
  const fields = Object.fromEntries([...(other ? new FormData(other) : []), ...new FormData(form)]);
  const answer = await post(form.dataset.base + "-options", fields);
  const options = answer.publicKey || answer;
  const credential = form.dataset.passkey === "create" ? await create(options) : await get(options);
  const done = await post(form.dataset.base, { ...fields, answer: JSON.stringify(credential) });
  location.assign(done.to);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", async (event) => {
    const button = form.querySelector("button");
    const reason = document.querySelector(`#${form.dataset.with || "none"} [name=reason]`);
    event.preventDefault();
    if (reason && !reason.reportValidity()) return;
    button.disabled = true;
    try {
      await ceremony(form);
    } catch (error) {
      complain(error.name === "NotAllowedError" ? "The passkey was not used. Try again."
        : error.name === "InvalidStateError" ? "This passkey is there already." : error.message);
      button.disabled = false;
    }
  });
}

/* The secret of a one-time link stands behind the "#", which is never sent. */
const link = document.getElementById("link");
if (link && location.hash.length > 1) {
  link.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  document.querySelector("#enrol button").focus();
}

/* A first idea of a password's strength; the gateway judges it properly. */
for (const input of document.querySelectorAll("input[data-strength]")) {
  const place = document.getElementById(input.dataset.strength);
  input.addEventListener("input", () => {
    const kinds = new Set(input.value).size;
    place.textContent = input.value === "" ? ""
      : input.value.length < 12 ? `Too short: ${input.value.length} of 12 characters.`
      : kinds < 6 ? "Too few different characters."
      : input.value.length < 16 ? "Long enough. Longer is better." : "Good length.";
  });
}

const trouble = document.getElementById("trouble");
if (trouble) {
  trouble.focus();
}
