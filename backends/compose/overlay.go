package compose

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// merged is the service with the overlay over it.
func (u *unit) merged() (json.RawMessage, error) {
	return manifest.Patch(u.service(), u.options.Overlay)
}

// checkOverlay looks for what Compose or the engine refuse in the result alone.
func (u *unit) checkOverlay() {
	over := u.options.Overlay
	if len(over) == 0 {
		return
	}
	refuse := func(key, format string, args ...any) *diag.Diagnostic {
		return u.list.Errorf(diag.TargetOverlay, u.at("overlay", key), format, args...)
	}
	for _, key := range sorted(over) {
		if option := instead[key]; option != "" {
			refuse(key, "Compose refuses `%s` beside the limits that the service has", key).Helpf("use the option `%s`", option)
		}
	}
	if bad := notKeys(over, nil); bad != nil {
		u.list.Errorf(diag.TargetOverlay, u.at(append([]string{"overlay"}, bad...)...), "`%s` can't be a key of the file", bad[len(bad)-1])
	}
	for _, key := range []string{"depends_on", "volumes_from"} {
		switch {
		case over[key] == nil:
		case u.app.Process != "":
			refuse(key, "an overlay holds for all services, and none of them can have `%s` with itself", key).
				Notef("the processes need no order: what they connect to they wait for")
		default:
			refuse(key, "there is no other service in the file, and so `%s` can name none", key).
				Notef("the program needs no order: what it connects to it waits for")
		}
	}
	text, err := u.merged()
	if err != nil {
		u.list.Errorf(diag.TargetOverlay, u.at("overlay"), "the overlay does not fit: %v", err)
		return
	}
	var m map[string]any
	if json.Unmarshal(text, &m) != nil {
		return
	}
	if m["network_mode"] != nil && m["networks"] != nil {
		refuse("network_mode", "a service has a `network_mode` or networks, and `%s` would have both", u.app.Name).
			Helpf("add `networks: null` to the overlay")
	}
	if m["image"] == nil {
		u.list.Errorf(diag.TargetOverlay, u.at("overlay", "image"), "without an image there is nothing to run")
	}
	if m["container_name"] != nil && u.options.Replicas > 1 {
		u.list.Errorf(diag.TargetOverlay, u.at("overlay", "container_name"), "%d copies can't have one name", u.options.Replicas)
	}
	for _, one := range []struct {
		key   string
		names []string
		known []string
		help  string
	}{
		{"networks", namesOf(over["networks"]), append(sorted(u.networks()), "default"), "name it in the option `networks`"},
		{"volumes", volumesOf(over["volumes"]), sorted(u.volumes()), "mount a folder of the host (`type: bind`), or say in `storage` what keeps a folder"},
		{"secrets", namesOf(over["secrets"]), sorted(u.secrets()), "write `${file:PATH}` in the pipeline: its file becomes a secret"},
	} {
		for _, name := range one.names {
			if !slices.Contains(one.known, name) {
				refuse(one.key, "the file has nothing called `%s` among its %s, and an overlay of the service adds none", name, one.key).Helpf("%s", one.help)
			}
		}
	}
}

// instead says which option does what an overlay must not: two places for one limit
// are refused by engines when they differ.
var instead = map[string]string{"pids_limit": "pids", "mem_limit": "memory", "cpus": "cpu", "scale": "replicas"}

// namesOf are the keys of a mapping, or the items of a list: texts, or mappings with
// a source.
func namesOf(v any) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		return sorted(v)
	case []any:
		for _, item := range v {
			switch item := item.(type) {
			case string:
				names = append(names, item)
			case map[string]any:
				if source, ok := item["source"].(string); ok {
					names = append(names, source)
				}
			}
		}
	}
	return names
}

// volumesOf are the volumes in a list of mounts, which has folders of the host as well.
func volumesOf(v any) (names []string) {
	list, _ := v.([]any)
	for _, item := range list {
		switch item := item.(type) {
		case string:
			source, _, two := strings.Cut(item, ":")
			if two && !strings.ContainsAny(source, "./~$\\") {
				names = append(names, source)
			}
		case map[string]any:
			if source, ok := item["source"].(string); ok && item["type"] == "volume" {
				names = append(names, source)
			}
		}
	}
	return names
}

// notKeys is the path of the first key that can't be written as one.
func notKeys(v any, at []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sorted(v) {
			here := append(slices.Clone(at), key)
			if !manifest.IsKey(key) {
				return here
			}
			if bad := notKeys(v[key], here); bad != nil {
				return bad
			}
		}
	case []any:
		for _, item := range v {
			if bad := notKeys(item, at); bad != nil {
				return bad
			}
		}
	}
	return nil
}
