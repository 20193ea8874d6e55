#!/usr/bin/env bash
# Fetches the data sets of npm's vega-datasets (BSD-3-Clause; the data have
# licences of their own) into a folder outside of the repository, and prints it:
#
#   FLOWC_REALDATA=$(bash testdata/realdata/fetch.sh) go test -run TestRealData ./cmd/flowc
#
#   bash testdata/realdata/fetch.sh [FOLDER]    by default under ~/.cache
#
# The version is pinned, and so are its bytes: results are compared with jq's,
# whatever the data are, but the pipelines name fields that must be there.
set -euo pipefail

package=vega-datasets
version=3.2.1
sha256=6f72fda460a9863fae5fcb32f85bcd49e1761fdea6dc6cf9f4962472881cc5a3

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/flowc-realdata}
target=$folder/$package-$version
data=$target/package/data

if [[ -d $data ]]; then
	printf '%s\n' "$data"
	exit 0
fi
for command in curl tar sha256sum; do
	command -v "$command" >/dev/null || { printf '%s is missing\n' "$command" >&2; exit 1; }
done

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
archive=$work/$package-$version.tgz
curl --silent --show-error --fail --retry 3 --output "$archive" "https://registry.npmjs.org/$package/-/$package-$version.tgz"
printf '%s  %s\n' "$sha256" "$archive" | sha256sum --check --quiet >&2
mkdir "$work/out"
tar -xzf "$archive" -C "$work/out"
# Into place at once, so that a folder that is there is whole.
[[ -d $target ]] || mv "$work/out" "$target"
printf '%s\n' "$data"
