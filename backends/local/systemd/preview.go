package systemd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
)

// The kinds of what belongs to a pipeline.
const (
	kindUnit    = "unit"
	kindFolder  = "folder"
	kindProgram = "program"
)

// Releases are those that units say, and those of which only folders or binaries are left.
func (e *Engine) Releases(context.Context) ([]*deploy.Release, error) {
	all, err := e.installed()
	if err != nil {
		return nil, err
	}
	ids := slices.Collect(maps.Keys(all))
	entries, err := os.ReadDir(e.Programs)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains(ids, entry.Name()) {
			ids = append(ids, entry.Name())
		}
	}
	slices.Sort(ids)
	var releases []*deploy.Release
	for _, id := range ids {
		r := &deploy.Release{ID: id, Pipeline: id}
		if units := all[id]; len(units) > 0 {
			if r, err = released(units); err != nil {
				return nil, err
			}
		}
		if r.Objects, err = e.objects(id, all[id]); err != nil {
			return nil, err
		}
		if len(r.Objects) > 0 {
			releases = append(releases, r)
		}
	}
	return releases, nil
}

// objects are what there is of a pipeline.
func (e *Engine) objects(id string, units []unit) (all []deploy.Object, err error) {
	for _, u := range units {
		all = append(all, deploy.Object{Kind: kindUnit, Name: u.Name, Spec: u.spec(), Runs: true})
	}
	folders, err := e.kept(id)
	if err != nil {
		return nil, err
	}
	for _, f := range e.folders(id, units) {
		if !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	slices.Sort(folders)
	for _, f := range folders {
		if _, err := os.Stat(f); err == nil {
			all = append(all, deploy.Object{Kind: kindFolder, Name: f, Data: true})
		}
	}
	references, err := e.store(id).References(id)
	for _, r := range references {
		all = append(all, deploy.Object{Kind: kindProgram, Name: r, Spare: true})
	}
	return all, err
}

// folders are those in which the services of a pipeline run.
func (e *Engine) folders(id string, units []unit) (all []string) {
	for _, u := range units {
		if !u.is("service") {
			continue
		}
		if e.User {
			return []string{e.Data(id)}
		}
		if name := u.first("Service", "StateDirectory"); name != "" {
			all = append(all, filepath.Join(e.State, name))
		}
	}
	return all
}

// keptFile names folders that outlive the units of their pipeline.
const keptFile = "folders.json"

func (e *Engine) kept(id string) (all []string, err error) {
	text, err := os.ReadFile(filepath.Join(e.Programs, id, keptFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	return all, err
}

// keep remembers the folders of a pipeline; none is nothing to remember.
func (e *Engine) keep(id string, folders []string) error {
	dir := filepath.Join(e.Programs, id)
	if len(folders) == 0 {
		if err := os.Remove(filepath.Join(dir, keptFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if entries, err := os.ReadDir(dir); err == nil && len(entries) == 0 {
			return os.Remove(dir)
		}
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(folders)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, keptFile), text, 0o644)
}

// Preview compares units with those that are there. A unit of one of their names that is
// not flowc's is an error.
func (e *Engine) Preview(ctx context.Context, want *deploy.Release) (*deploy.Preview, error) {
	units, err := unitsOf(want)
	if err != nil {
		return nil, err
	}
	all, err := e.installed()
	if err != nil {
		return nil, err
	}
	have := all[want.ID]
	v := &deploy.Preview{Seen: seen(have)}
	if len(have) > 0 {
		if v.Before, err = released(have); err != nil {
			return nil, err
		}
	}
	for _, u := range units {
		if named(have, u.Name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(e.Units, u.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case !strings.Contains(string(text), backends.Header) || unit{Text: string(text)}.first(notes, notePipeline) != "":
			return nil, fmt.Errorf("%s is there, and is none of the pipeline %s: one would replace the other. Give the pipeline another name, or take that unit away", filepath.Join(e.Units, u.Name), want.Pipeline)
		default: // somebody has installed what `flowc emit` wrote
			have = append(have, unit{u.Name, string(text)})
			if v.Before == nil {
				v.Before = &deploy.Release{ID: want.ID, Pipeline: want.Pipeline}
			}
		}
	}
	if v.Have, err = e.objects(want.ID, have); err != nil {
		return nil, err
	}
	status, err := e.show(ctx, have)
	if err != nil {
		return nil, err
	}
	for i := range v.Have {
		if o := &v.Have[i]; o.Kind == kindUnit {
			j := slices.IndexFunc(have, func(u unit) bool { return u.Name == o.Name })
			o.Idle = status[o.Name].idle(have[j], named(have, want.ID+".timer"))
		}
	}
	v.Would = []deploy.Object{{Kind: kindProgram, Name: want.Image}}
	for _, f := range e.folders(want.ID, units) {
		v.Would = append(v.Would, deploy.Object{Kind: kindFolder, Name: f, Data: true})
	}
	for _, u := range units {
		disturbs := "the manager reads it anew"
		if u.is("service") && !named(units, want.ID+".timer") {
			disturbs = "stopped in order, which may take " + u.first("Service", "TimeoutStopSec") + " s, and started again"
		}
		v.Would = append(v.Would, deploy.Object{Kind: kindUnit, Name: u.Name, Spec: u.spec(), Disturbs: disturbs})
	}
	return v, nil
}

// seen identifies units.
func seen(units []unit) string {
	sum := sha256.New()
	for _, u := range units {
		fmt.Fprintf(sum, "%s\n%s\n", u.Name, u.Text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
