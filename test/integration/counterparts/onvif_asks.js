// The mock device of npm's onvif behind a log-in: node onvif_asks.js MODULES TEMPLATES USER PASSWORD open|lies|takes.
// MODULES has onvif 0.6.2 and what it needs, TEMPLATES further answers of it. "lies": SetUser is answered with success and nothing
// changes; "takes": the log-in has that password from then on; "open": nobody is asked.
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { PassThrough } = require('stream');

const [modules, templates, user, first, mode] = process.argv.slice(2);
const own = path.join(modules, 'onvif/test/serverMockup');
const join = fs.existsSync.bind(fs), read = fs.readFileSync.bind(fs);
const where = (name) => {
  const text = String(name);
  const other = path.join(templates, path.basename(text));
  return text.startsWith(own) && !join(text) && join(other) ? other : name;
};
fs.existsSync = (name) => join(where(name));
fs.readFileSync = (name, ...more) => read(where(name), ...more);

require(path.join(modules, 'coffeescript/register'));
const { server } = require(path.join(modules, 'onvif/test/serverMockup.coffee'));
const answer = server.listeners('request')[0];
server.removeAllListeners('request');

let password = first;
const FREE = ['GetSystemDateAndTime', 'GetCapabilities', 'GetServices'];
const part = (text, name) => (new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(text) || [])[1] || '';
const head = (text) => text.split(/<(?:\w+:)?Body/)[0];

// WS-UsernameToken: Base64(SHA-1(nonce + created + password)).
function isRight(text) {
  const hash = crypto.createHash('sha1').update(Buffer.from(part(head(text), 'Nonce'), 'base64'))
    .update(part(head(text), 'Created') + password).digest('base64');
  return part(head(text), 'Username') === user && part(head(text), 'Password') === hash;
}

server.on('request', (req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    const text = Buffer.concat(chunks).toString();
    const action = (/<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(text) || [])[1] || '';
    if (mode !== 'open' && !FREE.includes(action) && !isRight(text)) {
      console.log(`refused ${action} ${part(head(text), 'Username') || '-'}`);
      res.writeHead(400, { 'Content-Type': 'application/soap+xml' });
      return res.end('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>' +
        '<s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault></s:Body></s:Envelope>');
    }
    console.log(`served ${action}`);
    if (action === 'SetUser' && mode === 'takes') {
      password = part(text.slice(head(text).length), 'Password');
    }
    const again = new PassThrough();
    answer(again, res);
    again.end(text);
  });
});
