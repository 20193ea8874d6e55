package ir

import (
	"strconv"
	"strings"
)

// Mounts are the volumes and secrets of a container as an engine of containers has them:
// HOST:CONTAINER, with :ro behind what can't be written.
func (f *Foreign) Mounts() []string {
	if f.Image == nil {
		return nil
	}
	var out []string
	add := func(from, to string, readonly bool) {
		if from == "" || to == "" {
			return
		}
		m := from + ":" + to
		if readonly {
			m += ":ro"
		}
		out = append(out, m)
	}
	for _, v := range f.Volumes {
		from := v.HostPath
		if from == "" {
			from = v.Name
		}
		add(from, v.ContainerPath, v.ReadOnly)
	}
	for _, s := range f.Secrets {
		if s.Type != "env" {
			add(s.HostPath, s.ContainerPath, true)
		}
	}
	return out
}

// Engine is the amounts in the words of engines of containers: 512Mi is 512m, and 500m of a
// core is 0.5.
func (r ForeignResources) Engine() (memory, cpus string) {
	return engineMemory(r.Memory), engineCores(r.CPU)
}

func engineMemory(text string) string {
	for _, unit := range []struct{ from, to string }{{"Ki", "k"}, {"Mi", "m"}, {"Gi", "g"}} {
		if n, ok := strings.CutSuffix(text, unit.from); ok {
			return n + unit.to
		}
	}
	return strings.ToLower(text)
}

func engineCores(text string) string {
	n, ok := strings.CutSuffix(text, "m")
	if !ok {
		return text
	}
	milli, err := strconv.ParseFloat(n, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(milli/1000, 'f', -1, 64)
}
