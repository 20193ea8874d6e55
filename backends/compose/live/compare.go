package live

import (
	"context"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// compareRuns finds what differs from what runs and is in no manifest: a name that means
// another image by now, a value that the file refers to outside of the environment,
// containers that somebody else has made.
func (e *Engine) compareRuns(ctx context.Context, want *deploy.Release, t *there, have, would []deploy.Object) error {
	if len(have) == 0 {
		return nil
	}
	hashes, err := e.hashes(ctx, want, would)
	if err != nil {
		return err
	}
	for _, o := range have {
		i := slices.IndexFunc(would, func(w deploy.Object) bool { return w.Name == o.Name })
		if i < 0 || !deploy.Equal(o.Spec, would[i].Spec) {
			continue
		}
		old, is := o.Spec.(service), would[i].Spec.(service) //nolint:forcetypeassert // made as such
		image, _ := is["image"].(string)
		id, err := e.ImageID(ctx, unescape(image))
		if err != nil {
			return err
		}
		for _, c := range t.of(o.Name) {
			if id != "" && c.Image != id {
				old["image"], is["image"] = image+" ("+c.Image+")", image+" ("+id+")"
			}
			if was := c.Config.Labels[labelHashes]; was != hashes[o.Name] && hashes[o.Name] != "" {
				old["config-hash"], is["config-hash"] = short(was), short(hashes[o.Name])
			}
		}
	}
	return nil
}

// hashes are those by which Compose knows whether a service is another.
func (e *Engine) hashes(ctx context.Context, want *deploy.Release, services []deploy.Object) (map[string]string, error) {
	var names []string
	for _, o := range services {
		names = append(names, o.Name)
	}
	text, err := e.on(ctx, want, "config", "--hash", strings.Join(names, ","))
	all := map[string]string{}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 2 {
			all[words[0]] = words[1]
		}
	}
	return all, err
}

func short(hash string) string { return hash[:min(len(hash), 12)] }
