// npm's rtsp-streaming-server with a log-in for viewers or without: rtsp_server.js FOLDER-OF-MODULES ADDRESS PORT [USER PASSWORD]
const [modules, address, port, user, password] = process.argv.slice(2);
const RtspServer = require(modules + '/rtsp-streaming-server').default;
const hooks = user ? {authentication: async (name, secret) => name === user && secret === password} : {};
new RtspServer({serverPort: 5554, clientPort: Number(port), rtpPortStart: 20000, rtpPortCount: 100, clientServerHooks: hooks}).start();
