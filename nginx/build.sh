#!/usr/bin/env bash
# Builds the gateway module with nginx's own configure, as Debian built the nginx that loads it.
# build.sh MODULE-DIR BUILD-DIR LIBRARY OUTPUT: configures once (and after config changed), then makes.
set -euo pipefail
module=$(realpath "$1")
objs=$(realpath -m "$2")
GATEHOUSE_LIBRARY=$(realpath "$3")
output=$(realpath -m "$4")
GATEHOUSE_SOURCE=$(dirname "$module")
export GATEHOUSE_LIBRARY GATEHOUSE_SOURCE
nginx=${NGINX_SOURCE:-/usr/share/nginx/src}

# shellcheck source=/dev/null
. "$nginx/conf_flags" # NGX_CONF_FLAGS
stamp=$(sha256sum "$module/config" "$module/build.sh" "$nginx/conf_flags" "$nginx/configure" "$nginx/src/core/nginx.h")
mkdir -p "$objs"
if [ ! -f "$objs/Makefile" ] || [ "$(cat "$objs/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -f "$objs/Makefile" "$objs/stamp"
    cd "$nginx"
    ./configure \
        --with-cc-opt="-g -O2 -fPIC -fstack-protector-strong -Wformat -Werror=format-security -Wdate-time -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" \
        --with-ld-opt="-Wl,-z,relro -Wl,-z,now -fPIC" \
        "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$module" --builddir="$objs" >"$objs/configure.log" 2>&1 ||
        { tail -20 "$objs/configure.log" >&2; exit 1; }
    printf '%s\n' "$stamp" >"$objs/stamp"
fi
# Neither are the library's headers: objects that were made with others have other structs.
headers=$(cd "$GATEHOUSE_SOURCE/src" && find . -name '*.h' -o -name '*.def' | sort | xargs sha256sum | sha256sum)
if [ "$(cat "$objs/headers" 2>/dev/null)" != "$headers" ]; then
    rm -f "$objs"/addon/nginx/*.o
    printf '%s\n' "$headers" >"$objs/headers"
fi
rm -f "$objs/ngx_http_gatehouse_module.so" # the library is no dependency that nginx's Makefile knows
env -u MAKEFLAGS make -f "$objs/Makefile" -C "$nginx" modules >"$objs/make.log" 2>&1 ||
    { grep -E ' error: | warning: |undefined reference' -A4 "$objs/make.log" >&2 || tail -20 "$objs/make.log" >&2; exit 1; }
cp "$objs/ngx_http_gatehouse_module.so" "$output"
