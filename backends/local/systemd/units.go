package systemd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/deploy"
)

// A unit is one file of the manager's.
type unit struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// The section with what was applied, and the names in it.
const (
	notes        = "X-Flowc"
	notePipeline = "Pipeline"
	noteHash     = "Hash"
	noteProgram  = "Program"
	noteFolder   = "Folder"
)

// Notes are the lines of that section.
func Notes(pipeline, hash, program, folder string) []string {
	return []string{notePipeline + "=" + pipeline, noteHash + "=" + hash, noteProgram + "=" + program, noteFolder + "=" + folder}
}

// Release is units as something to be applied; they have the notes in them.
func Release(files []backends.File) (*deploy.Release, error) {
	var units []unit
	for _, f := range files {
		units = append(units, unit{f.Path, string(f.Data)})
	}
	return released(units)
}

// released are units, with what they say of themselves.
func released(units []unit) (*deploy.Release, error) {
	slices.SortFunc(units, func(a, b unit) int { return cmp.Compare(a.Name, b.Name) })
	text, err := json.Marshal(units)
	u := units[0]
	return &deploy.Release{
		ID: u.first(notes, notePipeline), Pipeline: u.first(notes, notePipeline), Hash: u.first(notes, noteHash),
		Image: u.first(notes, noteProgram), Folder: u.first(notes, noteFolder), Manifest: text,
	}, err
}

// unitsOf are the units of a release.
func unitsOf(r *deploy.Release) (units []unit, err error) {
	if err := json.Unmarshal(r.Manifest, &units); err != nil || len(units) == 0 {
		return nil, fmt.Errorf("what was applied of %s can't be read: %w", r.Pipeline, err)
	}
	return units, nil
}

// A directive is a line of a section.
type directive struct{ section, name, value string }

// directives are the lines of a unit, without remarks.
func (u unit) directives() (all []directive) {
	section := ""
	for line := range strings.Lines(u.Text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(name, "]")
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if ok && line[0] != '#' && line[0] != ';' {
			all = append(all, directive{section, name, value})
		}
	}
	return all
}

// values are those of a directive.
func (u unit) values(section, name string) (all []string) {
	for _, d := range u.directives() {
		if d.section == section && d.name == name {
			all = append(all, d.value)
		}
	}
	return all
}

func (u unit) first(section, name string) string {
	if all := u.values(section, name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// is tells the kind of a unit: service, timer, target.
func (u unit) is(kind string) bool { return strings.HasSuffix(u.Name, "."+kind) }

// ends tells whether a service comes to an end by itself.
func (u unit) ends() bool { return u.is("service") && u.first("Service", "Type") != "notify" }

// spec is what a plan compares: directives by section, lists where there are several.
func (u unit) spec() map[string]any {
	all := map[string]any{}
	for _, d := range u.directives() {
		if d.section == notes {
			continue
		}
		s, _ := all[d.section].(map[string]any)
		if s == nil {
			s = map[string]any{}
			all[d.section] = s
		}
		switch old := s[d.name].(type) {
		case nil:
			s[d.name] = d.value
		case string:
			s[d.name] = []any{old, d.value}
		case []any:
			s[d.name] = append(old, d.value)
		}
	}
	return all
}

// named tells whether one of the units has a name.
func named(units []unit, name string) bool {
	return slices.ContainsFunc(units, func(u unit) bool { return u.Name == name })
}

// names are those of the units that are of one of the kinds.
func names(units []unit, kinds ...string) (all []string) {
	for _, u := range units {
		if slices.ContainsFunc(kinds, u.is) {
			all = append(all, u.Name)
		}
	}
	return all
}

// installed are the units of flowc's that the manager has, by pipeline.
func (e *Engine) installed() (map[string][]unit, error) {
	entries, err := os.ReadDir(e.Units)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string][]unit{}
	for _, entry := range entries {
		u := unit{Name: entry.Name()}
		if !entry.Type().IsRegular() || !u.is("service") && !u.is("timer") && !u.is("target") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(e.Units, u.Name))
		if err != nil {
			return nil, err
		}
		u.Text = string(text)
		if pipeline := u.first(notes, notePipeline); pipeline != "" {
			all[pipeline] = append(all[pipeline], u)
		}
	}
	return all, nil
}

// write puts a unit into a folder at once.
func (u unit) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".flowc-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(u.Text)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), filepath.Join(dir, u.Name))
}
