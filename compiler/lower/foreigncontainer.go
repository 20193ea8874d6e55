package lower

import "github.com/flowc-dev/flowc/ir"

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
