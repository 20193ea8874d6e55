package deploy

import (
	"path/filepath"
	"strings"
)

// Orphans are the releases that were applied from a folder, or a folder in it, and
// whose pipelines are not among those that it has.
func Orphans(releases []*Release, folder string, has []string) []*Release {
	wanted := map[string]bool{}
	for _, name := range has {
		wanted[name] = true
	}
	var all []*Release
	for _, r := range releases {
		inside := r.Folder == folder || strings.HasPrefix(r.Folder, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
		if r.Folder != "" && inside && !wanted[r.Pipeline] {
			all = append(all, r)
		}
	}
	return all
}
