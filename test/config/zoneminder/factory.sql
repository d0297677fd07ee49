-- MariaDB dump, as mysqldump writes it; ZoneMinder 1.36 db/zm_create.sql
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `Config`;
CREATE TABLE `Config` (
  `Id` smallint(5) unsigned NOT NULL DEFAULT 0,
  `Name` varchar(64) NOT NULL,
  `Value` text NOT NULL,
  `Type` tinytext NOT NULL DEFAULT 'string',
  `Help` text,
  PRIMARY KEY (`Name`)
) ENGINE=InnoDB;
INSERT INTO `Config` VALUES
(1,'ZM_OPT_USE_AUTH','0','boolean','It\'s off; (as a fresh one), "really"'),
(2,'ZM_AUTH_RELAY','plain','string','x'),
(3,'ZM_AUTH_HASH_SECRET','...Change me to something unique...','string','x'),
(4,'ZM_OPT_USE_GOOG_RECAPTCHA','0','boolean','x'),
(5,'ZM_LOG_LEVEL_DATABASE','-5','integer','x'),(6,'ZM_LOG_LEVEL_WEBLOG','-5','integer','x');
CREATE TABLE `Users` (
  `Id` int(10) unsigned NOT NULL auto_increment,
  `Username` varchar(32) character set latin1 NOT NULL default '',
  `Password` varchar(64) NOT NULL default '',
  `Enabled` tinyint(3) unsigned NOT NULL default '1',
  `System` enum('None','View','Edit') NOT NULL default 'None',
  PRIMARY KEY (`Id`),
  UNIQUE KEY `UC_Username` (`Username`)
);
INSERT INTO `Users` VALUES (1,'admin','$2b$12$NHZsm6AM2f2LQVROriz79ul3D6DnmFiZC.ZK5eqbF.ZWfwH9bqUJ6',1,'Edit'),(2,'guard','*canary0123456789ABCDEF',1,'View');
CREATE TABLE `Monitors` (
  `Id` int(10) unsigned NOT NULL,
  `Name` varchar(64) NOT NULL,
  `User` varchar(64),
  `Pass` varchar(64),
  `Path` varchar(255)
);
INSERT INTO `Monitors` (`Id`,`Name`,`User`,`Pass`,`Path`) VALUES (1,'Gate','viewer','canary-cam','rtsp://viewer:canary-path@192.0.2.5/live');
