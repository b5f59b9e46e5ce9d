#!/usr/bin/env bash
# Fetches the third-party files under static/vendor again. Change a version here, run it, look at the pages, commit.
set -euo pipefail

TABLER=1.6.1
ICONS=3.51.0
ALTCHA=3.2.2
# Only these icons go into the sprite; templates name them with {% icon "inbox" %}.
ICON_NAMES="activity alert-triangle arrow-down arrow-up check chevron-left chevron-right circle-check circle-dashed
circle-x clipboard-text clock copy copy-check external-link file-import history inbox info-circle list-details loader-2
lock lock-open logout mail menu-2 message moon pencil plug plus refresh robot robot-off search settings shield sparkles sun
table trash user users world x"

here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "@tabler/core@$TABLER" "@tabler/icons@$ICONS" "altcha@$ALTCHA" >/dev/null
mkdir core icons altcha
tar xzf "tabler-core-$TABLER.tgz" -C core --strip-components=1
tar xzf "tabler-icons-$ICONS.tgz" -C icons --strip-components=1
tar xzf "altcha-$ALTCHA.tgz" -C altcha --strip-components=1

out="$here/static/vendor/tabler"
rm -rf "$out"
mkdir -p "$out"
# The source map isn't shipped, and the static files' manifest refuses a file that names a missing one.
sed 's|/\*# sourceMappingURL=[^*]*\*/||' core/dist/css/tabler.min.css >"$out/tabler.min.css"
cp icons/LICENSE "$out/LICENSE"
{
    printf '<svg xmlns="http://www.w3.org/2000/svg">'
    for name in $ICON_NAMES; do
        printf '<symbol id="%s" viewBox="0 0 24 24">' "$name"
        tr '\n' ' ' <"icons/icons/outline/$name.svg" |
            sed -e 's|<svg[^>]*>||' -e 's|</svg>||' -e 's|<path stroke="none" d="M0 0h24v24H0z" fill="none" />||' -e 's|  *| |g'
        printf '</symbol>'
    done
    printf '</svg>\n'
} >"$out/icons.svg"

# The build whose styles and worker are files of their own: the strict CSP allows no others.
out="$here/static/vendor/altcha"
rm -rf "$out"
mkdir -p "$out"
cp altcha/LICENSE.txt "$out/LICENSE"
cp altcha/dist/external/altcha.min.js altcha/dist/external/altcha.css altcha/dist/workers/pbkdf2.js "$out/"

cat >"$here/static/vendor/VERSIONS.md" <<END
# Third-party files

\`scripts/refresh_vendor.sh\` fetches them from npm; don't edit them by hand.

| Files | Package | Version | Licence |
|---|---|---|---|
| \`tabler/tabler.min.css\` | \`@tabler/core\` | $TABLER | MIT, © The Tabler Authors and Paweł Kuna |
| \`tabler/icons.svg\` (the icons we use, as one sprite) | \`@tabler/icons\` | $ICONS | MIT, © Paweł Kuna (\`tabler/LICENSE\`) |
| \`altcha/\` (the proof of work of the public form) | \`altcha\` | $ALTCHA | MIT, © BAU Software s.r.o. (\`altcha/LICENSE\`) |

htmx 2 comes with the Python package django-htmx (\`requirements.txt\`).
END
