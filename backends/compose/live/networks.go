package live

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// owned tells which of the project's networks are those of a release alone. Containers of
// other services may need its default one.
func (t *there) owned(r *deploy.Release) func(name string) bool {
	if r == nil {
		return func(string) bool { return false }
	}
	if r.Manifest == nil { // nobody knows, but that all is its own
		return func(string) bool { return !t.shared }
	}
	p, _, err := project(r)
	return func(name string) bool {
		if err != nil {
			return false
		}
		key := strings.TrimPrefix(name, unescape(p.Name)+"_")
		if key == "default" {
			return !t.shared
		}
		n, ok := p.Networks[key]
		return ok && !n.External
	}
}

// kept adds networks and volumes: those of the file, and those that are there.
func (t *there) kept(file resolved, v *deploy.Preview) error {
	used := map[string]bool{}
	for _, s := range file.Services {
		for n := range s.Networks {
			used[n] = true
		}
	}
	wanted := map[string]bool{}
	for _, key := range sorted(file.Networks) {
		n := file.Networks[key]
		if !n.External && used[key] {
			wanted[n.Name] = true
			v.Would = append(v.Would, deploy.Object{Kind: "network", Name: n.Name, Spec: map[string]any{}})
		}
	}
	owned := t.owned(v.Before)
	for _, n := range t.networks {
		if wanted[n.Name] || owned(n.Name) {
			v.Have = append(v.Have, deploy.Object{Kind: "network", Name: n.Name, Spec: map[string]any{}})
		}
	}
	for _, key := range sorted(file.Volumes) {
		vol := file.Volumes[key]
		if vol.External {
			continue
		}
		for _, old := range t.vols {
			if driver := cmp.Or(vol.Driver, "local"); old.Name == vol.Name && old.Driver != driver {
				return fmt.Errorf("the volume %s has the driver %s and can't get the driver %s without losing what it holds: give the storage another place, or delete the volume", vol.Name, old.Driver, driver)
			}
		}
		v.Would = append(v.Would, deploy.Object{Kind: "volume", Name: vol.Name, Data: true, Spec: map[string]any{}})
	}
	for _, old := range t.vols {
		v.Have = append(v.Have, deploy.Object{Kind: "volume", Name: old.Name, Data: true, Spec: map[string]any{}})
	}
	return nil
}
