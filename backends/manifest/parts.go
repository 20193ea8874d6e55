package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// What says which process of a pipeline a container is, since all of them have one image.
const (
	// ProcessVariable has the name of the process.
	ProcessVariable = "FLOWC_PROCESS"
	// ReplicaVariable has the number of its copy, from 0, alone or behind the last hyphen
	// of a name.
	ReplicaVariable = "FLOWC_REPLICA"
)

// A Part is a process of a pipeline that was cut, or all of one that was not.
type Part struct {
	// Program is what runs in it.
	Program *ir.Program
	// Process is its name, "" for all of a pipeline.
	Process string
	// Replicas is how many copies of it run, 1 at the least. Of several, each has a number
	// and with it a partition and a state of its own.
	Replicas int

	whole *ir.Program
	// elastic is how the number of hosts changes that share the copies, nil where each has
	// a number; copies is then how many parts there are, and most how many of them one
	// host takes.
	elastic      *ir.Elastic
	copies, most int
}

// Parts are the processes of a pipeline, each behind those that feed it.
func Parts(p *ir.Program) []Part {
	if len(p.Pieces) == 0 {
		return []Part{{Program: p, Replicas: 1, whole: p}}
	}
	var all []Part
	for _, piece := range p.Pieces {
		part := Part{Program: piece.Program, Process: piece.Name, Replicas: piece.Replicas, whole: p}
		if piece.Elastic != nil {
			part.Replicas, part.elastic, part.copies, part.most = 1, piece.Elastic, piece.Replicas, piece.MostCopies()
		}
		all = append(all, part)
	}
	return all
}

// App reads the part. What the options say of variables and settings that only other
// parts have is none of its business.
func (part Part) App(target string, given Given) (*App, diag.List) {
	if part.Process == "" {
		return Of(part.Program, target, given)
	}
	a, list := Of(part.Program, target, part.own(given))
	a.Pipeline, a.Process, a.Replicas, a.Hash = part.whole.Name, part.Process, part.Replicas, ir.Hash(part.whole)
	a.Image = given.Image
	if a.Image == "" {
		a.Image = a.Pipeline + ":" + a.Hash
	}
	if part.elastic != nil && len(a.Beside) > 0 {
		list.Errorf(diag.TargetOption, a.Beside[0].Foreign.Span, "`%s` is in a process whose hosts come and go, and each of the programs that a host starts would need a container for it", a.Beside[0].Node).
			Helpf("say a number, `scale: {replicas: N}`, run it yourself and name its address (`endpoint`), or talk to it by lines")
	}
	if part.Replicas > 1 {
		a.Copies = Copies{Why: fmt.Sprintf("`scale` of `%s` says how many, and each reads a partition of its own", part.Process)}
	}
	part.hosts(a, given)
	return a, list
}

// own is what is given without what other parts alone have a use for.
func (part Part) own(given Given) Given {
	mine, all := map[string]bool{}, map[string]bool{}
	nodes := map[string]bool{} // of all parts, and whether they are of this one
	for _, piece := range part.whole.Pieces {
		for _, name := range variables(piece.Program) {
			all[name] = true
			mine[name] = mine[name] || piece.Name == part.Process
		}
		for _, n := range piece.Program.Nodes {
			nodes[n.YAML] = nodes[n.YAML] || piece.Name == part.Process
		}
	}
	given.Env = maps.Clone(given.Env)
	maps.DeleteFunc(given.Env, func(name, _ string) bool { return all[name] && !mine[name] })
	given.Files = part.ownFiles(given.Files)
	given.Secrets = slices.DeleteFunc(slices.Clone(given.Secrets), func(name string) bool { return all[name] && !mine[name] })
	if text, ok := given.Env[settingsVariable]; ok {
		var own strings.Builder
		for line := range strings.Lines(text) {
			node, _, _ := strings.Cut(strings.TrimSpace(line), ".")
			if here, known := nodes[node]; here || !known { // what nobody has the program itself refuses
				own.WriteString(line)
			}
		}
		given.Env[settingsVariable] = own.String()
	}
	return given
}

// variables are the names of those of the environment that a program reads.
func variables(p *ir.Program) []string {
	var names []string
	for _, at := range values(p) {
		parts(at.value, func(_ *ir.Value, part *ir.Part) {
			if part.Kind == ir.Env {
				names = append(names, part.Text)
			}
		})
	}
	return names
}

// Concerns tells whether a key of an option is the business of one of several Apps: it is
// among its own, or among nobody's, which the first of them reports.
func Concerns(apps []*App, i int, key string, keys func(*App) []string) bool {
	if slices.Contains(keys(apps[i]), key) {
		return true
	}
	return i == 0 && !slices.ContainsFunc(apps, func(a *App) bool { return slices.Contains(keys(a), key) })
}

// InputPaths are the paths that the pipeline has for what it reads.
func InputPaths(a *App) (all []string) {
	for _, in := range a.Inputs {
		all = append(all, in.Path)
	}
	return all
}

// DirPaths are the folders that must outlive the program.
func DirPaths(a *App) (all []string) {
	for _, d := range a.Dirs {
		if d.Lasts {
			all = append(all, d.Path)
		}
	}
	return all
}

// PortNames are the names of the ports.
func PortNames(a *App) (all []string) {
	for _, p := range a.Ports {
		all = append(all, p.Name)
	}
	return all
}

// SecretNames are the names by which options may have secrets: variables, and files by
// path and by name.
func SecretNames(a *App) (all []string) {
	for _, v := range a.Env {
		if v.Secret {
			all = append(all, v.Name)
		}
	}
	for _, f := range a.SecretFiles {
		all = append(all, f.Path, f.Name)
	}
	for _, b := range a.Beside {
		for _, s := range b.Foreign.Secrets {
			all = append(all, s.Name)
		}
	}
	return all
}

// Join adds diagnostics to a list, without those that it has: of what is wrong with an
// option each of several processes may say the same.
func Join(list, more diag.List) diag.List {
	for _, d := range more {
		if !slices.ContainsFunc(list, func(other *diag.Diagnostic) bool {
			return other.Code == d.Code && other.Span == d.Span && other.Message == d.Message
		}) {
			list = append(list, d)
		}
	}
	return list
}
