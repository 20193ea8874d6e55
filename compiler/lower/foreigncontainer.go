package lower

import (
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// mountsOf are the volumes and secrets of a component as an engine of containers has them.
func mountsOf(f *ir.Foreign) []string {
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

// engineMemory is an amount of Kubernetes' in the words of engines: 512Mi is 512m.
func engineMemory(text string) string {
	for _, unit := range []struct{ from, to string }{{"Ki", "k"}, {"Mi", "m"}, {"Gi", "g"}} {
		if n, ok := strings.CutSuffix(text, unit.from); ok {
			return n + unit.to
		}
	}
	return strings.ToLower(text)
}

// engineCores is a number of cores of Kubernetes' in the words of engines: 500m is 0.5.
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

// secretVariables are the variables that secrets of a component become: one that is a
// variable holds what stands in its file, another says where it is.
func secretVariables(f *ir.Foreign) []ir.Entry {
	var out []ir.Entry
	for _, s := range f.Secrets {
		if s.Env == "" || s.HostPath == "" {
			continue
		}
		part := ir.Part{Kind: ir.Literal, Text: s.HostPath, Span: s.Span}
		switch {
		case s.Type == "env":
			part.Kind = ir.FileRef
		case f.Image != nil && s.ContainerPath != "":
			part.Text = s.ContainerPath
		}
		out = append(out, ir.Entry{Key: s.Env, Span: s.Span, Value: &ir.Value{Kind: "string", Span: s.Span, Secret: s.Type == "env", Parts: []ir.Part{part}}})
	}
	return out
}
