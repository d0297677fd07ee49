-- ZoneMinder 1.36: log-in errors go into the web server's log, where fail2ban finds them
INSERT INTO Config SET Id = 1, Name = 'ZM_OPT_USE_AUTH', Value = '1', Type = 'boolean';
INSERT INTO Config SET Id = 3, Name = 'ZM_OPT_USE_GOOG_RECAPTCHA', Value = '0', Type = 'boolean';
INSERT INTO Config SET Id = 63, Name = 'ZM_LOG_LEVEL_WEBLOG', Value = '-2', Type = 'integer';
