const o={loadPath:window.baseUrl+"locales/{{lng}}/{{ns}}.json?v=8f1d2c7a94e05b6c3d8e7f60a1b2c3d4e5f60718"};
