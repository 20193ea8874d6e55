package golang

import (
	"fmt"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/flowc-dev/flowc/ir"
)

// jobs adds what runs to its end beside the nodes.
func (s *settings) jobs() {
	if len(s.p.Jobs) == 0 {
		return
	}
	all := make([]jen.Code, len(s.p.Jobs))
	for i, j := range s.p.Jobs {
		place := "s.jobs[" + strconv.Itoa(i) + "]"
		all[i] = jen.Line().Add(s.job(j, place))
		if j.Start.Image != nil {
			s.tunables = append(s.tunables, s.Gof("{Key: %q, Place: %q, Set: @program.Bool(&%s.Elsewhere), Doc: %q},", j.Name+".elsewhere", j.Span.Place(), place, "whether its container is run by whoever runs the program"))
		}
	}
	s.fields = append(s.fields, s.Go("jobs []@jobs.Job"))
	s.defaults = append(s.defaults, s.Go("s.jobs = []@jobs.Job").Values(append(all, jen.Line())...))
}

// job quotes one, which stands at a place; what it has from outside is set there.
func (s *settings) job(j *ir.Job, place string) *jen.Statement {
	f := j.Start
	d := jen.Dict{jen.Id("Name"): jen.Lit(j.Name), jen.Id("Line"): jen.Lit(j.Span.Place()), jen.Id("Restart"): jen.Lit(string(f.Restart))}
	one := func(field, key string, v *ir.Value) {
		d[jen.Id(field)] = jen.Lit(s.jobText(j, key, v, "", place+"."+field))
	}
	list := func(field, key string, values []*ir.Value) {
		var texts []jen.Code
		for i, v := range values {
			texts = append(texts, jen.Lit(s.jobText(j, key, v, "", fmt.Sprintf("%s.%s[%d]", place, field, i))))
		}
		if len(texts) > 0 {
			d[jen.Id(field)] = jen.Index().String().Values(texts...)
		}
	}
	entry, args := j.Words()
	list("Command", "command", args)
	if len(entry) > 0 {
		one("Entrypoint", "command", entry[0])
	}
	var env []jen.Code
	for i, e := range f.Env {
		env = append(env, jen.Lit(s.jobText(j, "env."+e.Key, e.Value, e.Key+"=", fmt.Sprintf("%s.Env[%d]", place, i))))
	}
	if len(env) > 0 {
		d[jen.Id("Env")] = jen.Index().String().Values(env...)
	}
	if f.Image != nil {
		one("Image", "image", f.Image)
		texts(d, "Mounts", f.Mounts())
		memory, cpus := f.Limits.Engine()
		for field, text := range map[string]string{"Memory": memory, "CPUs": cpus} {
			if text != "" {
				d[jen.Id(field)] = jen.Lit(text)
			}
		}
	}
	var after []string
	for _, o := range j.DependsOn {
		if !o.Node {
			after = append(after, o.Name)
		}
	}
	texts(d, "After", after)
	if j.Behind() {
		d[jen.Id("Behind")] = jen.True()
	}
	return jen.Values(d)
}

// texts adds a list of texts, where there are any.
func texts(d jen.Dict, field string, list []string) {
	var all []jen.Code
	for _, t := range list {
		all = append(all, jen.Lit(t))
	}
	if len(all) > 0 {
		d[jen.Id(field)] = jen.Index().String().Values(all...)
	}
}

// jobText is a value that is known when the program is compiled, behind a prefix; of one from
// outside it is "", and the program sets it at a place when it starts.
func (s *settings) jobText(j *ir.Job, key string, v *ir.Value, prefix, place string) string {
	if v.IsLiteral() {
		return prefix + v.Text()
	}
	whole := *v
	if prefix != "" {
		whole.Parts = append([]ir.Part{{Kind: ir.Literal, Text: prefix}}, v.Parts...)
	}
	s.refs = append(s.refs, s.ref(j.Name+"."+key, &whole, s.Gof("@program.String(&%s)", place)))
	return ""
}

// jobsPlan is what package program is given to run, nil for nothing.
func (w *wiring) jobsPlan() *jen.Statement {
	if len(w.p.Jobs) == 0 {
		return nil
	}
	d := jen.Dict{jen.Id("Pipeline"): jen.Lit(w.p.Name), jen.Id("Hash"): jen.Id("hash"), jen.Id("Jobs"): jen.Id("s").Dot("jobs")}
	var before []string
	for _, a := range w.p.Awaits {
		before = append(before, a.Name)
	}
	texts(d, "Before", before)
	return w.Go("@jobs.Plan").Values(d)
}
