package live

import (
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"
)

// roomForMounts puts an empty folder in the place of each volume of a try that others are
// mounted into: where a volume is to be read only, the engine can make no place for them.
func roomForMounts(t *api.Task) {
	if t.Driver != "docker" {
		return
	}
	mounts, _ := t.Config["mounts"].([]any)
	var all []string
	for _, m := range t.VolumeMounts {
		all = append(all, *m.Destination)
	}
	for _, m := range mounts {
		mount, _ := m.(map[string]any)
		target, _ := mount["target"].(string)
		all = append(all, target)
	}
	var kept []*api.VolumeMount
	mounts = slices.Clone(mounts)
	for _, m := range t.VolumeMounts {
		if slices.ContainsFunc(all, func(at string) bool { return strings.HasPrefix(at, *m.Destination+"/") }) {
			mounts = append(mounts, map[string]any{"type": "tmpfs", "target": *m.Destination})
		} else {
			kept = append(kept, m)
		}
	}
	if len(kept) < len(t.VolumeMounts) {
		t.VolumeMounts, t.Config["mounts"] = kept, mounts
	}
}
