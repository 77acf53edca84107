import { ADMIN_TOKEN_FILE, EDGE_KEY_FILE, ERASURE_KEY_FILE, IP_HASH_KEY_FILE, IP_HASH_KEY_ID_FILE } from './secrets.ts';
import { KEY_STORE_TO_COME } from './wrangler.ts';

/** A shell script that makes key store, queues, bucket and secrets. It may be run again: what exists stays. */
export function cloudflareScript(): string {
  return `#!/usr/bin/env bash
# Prepares Cloudflare for Touchtrail. It may be run again: what exists stays as it is.
# Needs "npx wrangler login", the Workers paid plan (queues), and openssl.
set -euo pipefail
cd "$(dirname "$0")/.."

# The id of the key store goes into wrangler.toml.
if grep -q '${KEY_STORE_TO_COME}' wrangler.toml; then
  stores="$(npx wrangler kv namespace list | tr -d '[:space:]' | tr '}' '\\n')"
  id="$(grep -F '"title":"touchtrail-keys"' <<< "$stores" | grep -oE '[0-9a-f]{32}' | head -n 1 || true)"
  if [[ -z "$id" ]]; then id="$(npx wrangler kv namespace create touchtrail-keys | grep -oE '[0-9a-f]{32}' | head -n 1)"; fi
  sed "s/${KEY_STORE_TO_COME}/$id/" wrangler.toml > wrangler.toml.new
  mv wrangler.toml.new wrangler.toml
fi

has() { # list, name: as a word of its own
  grep -qE "(^|[^[:alnum:]_-])$2([^[:alnum:]_-]|$)" <<< "$1"
}

queues="$(npx wrangler queues list)"
for queue in touchtrail-events touchtrail-dead; do
  if ! has "$queues" "$queue"; then npx wrangler queues create "$queue"; fi
done

buckets="$(npx wrangler r2 bucket list)"
if ! has "$buckets" touchtrail-archive; then npx wrangler r2 bucket create touchtrail-archive; fi

# A Worker that is not there yet has no secrets; putting the first one makes it. Any other failure must not replace what is there.
if ! secrets="$(npx wrangler secret list 2>&1)"; then
  if ! grep -qiE '10007|does not exist|not found' <<< "$secrets"; then
    echo "$secrets" >&2
    exit 1
  fi
  secrets=''
fi
secret() { # name; the value on stdin
  if has "$secrets" "$1"; then cat > /dev/null; else npx wrangler secret put "$1"; fi
}
secret GOOGLE_SERVICE_ACCOUNT < ${EDGE_KEY_FILE}

# What is made here is kept in a file for this user alone, because a secret of a Worker cannot be read back. The command line needs
# ADMIN_TOKEN; IP_HASH_KEY must stay the same for as long as visits are to be joined by address.
umask 077
kept() { # name, file, command that makes the value
  local name="$1" file="$2"
  shift 2
  if [[ ! -s "$file" ]]; then
    if has "$secrets" "$name"; then
      echo "the Worker has a secret $name, but $file is not here: put your copy there" >&2
      return
    fi
    "$@" > "$file.new"
    mv "$file.new" "$file"
  fi
  secret "$name" < "$file"
}
kept IP_HASH_KEY ${IP_HASH_KEY_FILE} openssl rand -base64 48
kept IP_HASH_KEY_ID ${IP_HASH_KEY_ID_FILE} date +%Y-%m
kept ADMIN_TOKEN ${ADMIN_TOKEN_FILE} openssl rand -hex 32

# No secret of the Worker: the nightly run knows erased persons by it.
if [[ ! -s ${ERASURE_KEY_FILE} ]]; then
  openssl rand -hex 32 > ${ERASURE_KEY_FILE}.new
  mv ${ERASURE_KEY_FILE}.new ${ERASURE_KEY_FILE}
fi

echo 'Cloudflare is ready. Next: npx wrangler deploy'
`;
}
