#!/bin/bash
# Debian's ZoneMinder with its own database, PHP and nginx, from the folder $1 on port 80. Meant for
# "ip netns exec": what is mounted here is seen by nothing else. Runs until it is killed. With an RTSP address
# as $2, two monitors record from it, zms streams, and pictures are served as in Debian's own example.
set -eu
state=$1
camera=${2:-}
sql="mysql --socket=$state/run/db.sock -u root"
mount --make-rprivate /
cp -a /etc/zm "$state/etc"
mount --bind "$state/etc" /etc/zm
printf 'ZM_DB_HOST=localhost:%s/run/db.sock\n' "$state" >/etc/zm/conf.d/90-test.conf
chgrp -R www-data /etc/zm && chmod -R g+rX /etc/zm
for folder in /run/zm /tmp/zm /var/log/zm /var/cache/zoneminder ${camera:+/dev/shm}; do
    install -d "$folder"
    mount -t tmpfs -o mode=0777 none "$folder"
done
install -d -o mysql -g mysql "$state/db" "$state/run"
install -d -o www-data -m 700 "$state/sessions"
mariadb-install-db --user=mysql --datadir="$state/db" --auth-root-authentication-method=socket --skip-test-db >/dev/null
mariadbd --no-defaults --user=mysql --datadir="$state/db" --socket="$state/run/db.sock" --pid-file="$state/run/db.pid" \
    --skip-networking --innodb-log-file-size=8M --innodb-buffer-pool-size=64M --log-error="$state/run/db.err" &
for _ in $(seq 100); do
    mysqladmin --socket="$state/run/db.sock" -u root ping >/dev/null 2>&1 && break
    sleep 0.2
done
$sql </usr/share/zoneminder/db/zm_create.sql
$sql -e "create user 'zmuser'@'localhost' identified by 'zmpass'; grant all on zm.* to 'zmuser'@'localhost'"
$sql zm -e "update Config set Value='0' where Name in ('ZM_CHECK_FOR_UPDATES','ZM_TELEMETRY_DATA','ZM_OPT_USE_AUTH','ZM_SHOW_PRIVACY')"
cat >"$state/php.conf" <<C
[global]
error_log = $state/php.log
daemonize = no
[zm]
user = www-data
group = www-data
listen = $state/php.sock
listen.owner = www-data
pm = static
pm.max_children = 2
php_admin_value[date.timezone] = UTC
php_admin_value[session.save_path] = $state/sessions
C
"$(ls /usr/sbin/php-fpm[0-9]* | head -1)" -F -y "$state/php.conf" >/dev/null 2>&1 &
install -d -o www-data /var/cache/zoneminder/events
touch "$state/place.conf" # what a test serves beside it; nginx reads it again on HUP
if [ -n "$camera" ]; then
    printf 'ZM_PATH_FFMPEG=/usr/bin/ffmpeg\nZM_PATH_SHUTDOWN=/bin/true\n' >>/etc/zm/conf.d/90-test.conf
    install -d -o www-data /var/cache/zoneminder/{images,temp,cache}
    for name in front back; do
        $sql zm -e "insert into Monitors (Name,StorageId,Type,\`Function\`,Enabled,Path,Method,Width,Height,Colours,SaveJPEGs,VideoWriter,
            SectionLength,ImageBufferCount) values ('$name',1,'Ffmpeg','Record',1,'$camera','rtpRtsp',320,180,4,3,2,10,10);
            insert into Monitor_Status (MonitorId,Status) values (last_insert_id(),'Unknown')"
    done
    setsid setpriv --reuid=www-data --regid=www-data --init-groups fcgiwrap -c 6 -s unix:/run/zm/zms.sock &
    cat >"$state/place.conf" <<C
location /zm/cgi-bin { gzip off; alias /usr/lib/zoneminder/cgi-bin; include /etc/nginx/fastcgi_params;
    fastcgi_param SCRIPT_FILENAME \$request_filename; fastcgi_buffering off; fastcgi_pass unix:/run/zm/zms.sock; }
location /zm/cache { alias /var/cache/zoneminder; }
C
    zmpkg.pl start
fi
cat >"$state/nginx.conf" <<C
user www-data; daemon off; worker_processes 1; pid $state/nginx.pid; error_log $state/nginx.err;
events { worker_connections 64; }
http { include /etc/nginx/mime.types; access_log $state/nginx.log;
  server { listen 80; include $state/place.conf;
    location /zm { alias /usr/share/zoneminder/www; index index.php;
      location ~ \.php$ { if (!-f \$request_filename) { return 404; } include /etc/nginx/fastcgi_params;
        fastcgi_param SCRIPT_FILENAME \$request_filename; fastcgi_index index.php; fastcgi_pass unix:$state/php.sock; }
      location /zm/api/ { rewrite ^/zm/api(.+)\$ /zm/api/index.php?p=\$1 last; } } } }
C
exec nginx -c "$state/nginx.conf"
