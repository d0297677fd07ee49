-- ZoneMinder 1.36: as zm_create.sql writes its rows, with good values
INSERT INTO Config SET Id = 1, Name = 'ZM_OPT_USE_AUTH', Value = '1', Type = 'boolean', Help = '
two lines';
INSERT INTO Config SET Id = 2, Name = 'ZM_AUTH_HASH_SECRET', Value = 'canary4b1d8f77c0', Type = 'string';
INSERT INTO Config SET Id = 3, Name = 'ZM_OPT_USE_GOOG_RECAPTCHA', Value = '1', Type = 'boolean';
INSERT INTO `Users` (Username,Password,Enabled,`System`) VALUES ('maria','$2b$12$canarycanarycanary',1,'Edit');
