package kubernetes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
)

// file is all objects as documents of one text.
func (d *deployment) file() ([]byte, error) {
	var docs []any
	for _, o := range d.objects {
		doc, err := tidy(o)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return manifest.YAML(d.header(), docs...)
}

// headline is the comment of files that only go with those of the objects.
func (d *deployment) headline() string {
	return backends.Header + d.layout.VersionSuffix() + " from the pipeline " + d.p.Name + "; change that, and emit again.\n"
}

// header is the comment that the text begins with.
func (d *deployment) header() string {
	var t strings.Builder
	t.WriteString(d.headline())
	if secrets := d.secretLines(); len(secrets) > 0 {
		t.WriteString("\nThese keys of Secrets must be there:\n")
		for _, line := range secrets {
			t.WriteString("  " + line + "\n")
		}
	}
	if notes := d.notes(); len(notes) > 0 {
		t.WriteString("\n" + strings.Join(notes, "\n") + "\n")
	}
	return t.String()
}

// secretLines say which keys of Secrets must be there, and what they are for.
func (d *deployment) secretLines() []string {
	var lines []string
	for _, b := range d.processes {
		for _, s := range b.secrets {
			line := s.secret + " " + s.key + " (" + s.is + ")"
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// secretKeys are those keys for tools, with commas between.
func (b *builder) secretKeys() string {
	var keys []string
	for _, s := range b.secrets {
		keys = append(keys, s.secret+"/"+s.key)
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ",")
}

// tidy is an object as people write it: without the empty fields that the structs
// have no way to leave out.
func tidy(o object) (yaml.MapSlice, error) {
	v, err := manifest.Ordered(o)
	if err != nil {
		return nil, err
	}
	m, ok := v.(yaml.MapSlice)
	if !ok {
		return nil, fmt.Errorf("a %T is no mapping", o)
	}
	m = slices.DeleteFunc(pruned(m), func(item yaml.MapItem) bool { return item.Key == "status" })
	// People look for the version first.
	slices.SortStableFunc(m, func(x, y yaml.MapItem) int { return cmp.Compare(rank(x), rank(y)) })
	return m, nil
}

func rank(item yaml.MapItem) int {
	if item.Key == "apiVersion" {
		return 0
	}
	return 1
}

// hollow are fields that say nothing where they are empty.
var hollow = []any{"status", "strategy", "updateStrategy", "resources", "metadata", "loadBalancer", "spec"}

func pruned(m yaml.MapSlice) yaml.MapSlice {
	out := m[:0:0]
	for _, item := range m {
		switch v := item.Value.(type) {
		case nil:
			continue
		case yaml.MapSlice:
			inner := pruned(v)
			if len(inner) == 0 && slices.Contains(hollow, item.Key) {
				continue
			}
			item.Value = inner
		case []any:
			for i := range v {
				if inner, ok := v[i].(yaml.MapSlice); ok {
					v[i] = pruned(inner)
				}
			}
		}
		out = append(out, item)
	}
	return out
}
