package manifest

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// unseen is the first node of a program whose doing nobody can read off the pipeline: Go of
// the user's own, and a program that is a process of it. What that reads and writes by itself
// only the options of a target can say.
func unseen(p *ir.Program) *ir.Node {
	if i := slices.IndexFunc(p.Nodes, mine); i >= 0 {
		return p.Nodes[i]
	}
	return nil
}

func mine(n *ir.Node) bool {
	f := n.Foreign()
	return n.Component() != nil && !n.Pure || f != nil && f.Protocol != ir.GRPC && f.Endpoint == nil
}

// foreignEnds tells whether all sources that do not end as far as the compiler knows are of
// the user's own, so that they may.
func foreignEnds(p *ir.Program) bool {
	return !slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool {
		op, ok := n.Op.(*ir.Source)
		return ok && !op.Bounded && op.Foreign == nil && n.Component() == nil
	})
}

// ends believes options that say a program ends, where only the user can know.
func (r *reader) ends() {
	if r.given.Ends && foreignEnds(r.p) {
		r.app.Bounded = true
	}
}

// unseenInputs are the files that the options place and no key of the pipeline names: they
// are for what is unseen, which finds them by the path that it has for them.
func (r *reader) unseenInputs() {
	n := unseen(r.p)
	if n == nil {
		return
	}
	known := InputPaths(r.app)
	for _, name := range r.given.Files {
		if !slices.Contains(known, name) {
			r.app.Inputs = append(r.app.Inputs, r.unseenInput(n, name, known))
		}
	}
}

// unseenInput is one of them, also where it is refused: then that is all there is to say of it.
func (r *reader) unseenInput(n *ir.Node, name string, known []string) Input {
	at := path.Clean(name)
	if !path.IsAbs(name) {
		at = path.Join(WorkDir, name)
	}
	refuse := func(format string, args ...any) *diag.Diagnostic {
		return r.list.Errorf(diag.TargetFile, OptionAt(r.p.TargetSpans, r.target, "", "files", name), format, args...)
	}
	switch {
	case strings.ContainsAny(name, "*?["):
		d := refuse("no key of the pipeline has the pattern `%s`, and what `%s` reads by itself is a file or a folder", name, n.YAML)
		if !d.Near(name, known) {
			d.Helpf("name the folder, with a slash at the end: `%s`", cmp.Or(name[:strings.LastIndexByte(name, '/')+1], "logs/"))
		}
	case !path.IsAbs(name) && !strings.HasPrefix(at, WorkDir+"/"):
		refuse("`%s` is not below the folder that the program works in", name).
			Helpf("have `%s` read it below that folder (`data/%s`), or by an absolute path", n.YAML, path.Base(at))
	case r.given.Host && path.IsAbs(name):
		refuse("`%s` is a path of the host, where `%s` finds what is there", name, n.YAML).
			Helpf("put the file there, or have `%s` read it by a relative path", n.YAML)
	case !r.given.Host && foreign(at):
		refuse("`%s` would be at `%s`, which in a container is the system's own", name, at).
			Helpf("have `%s` read it below a folder of its own, such as /srv, or by a relative path", n.YAML)
	}
	in := Input{Node: n.YAML, Path: name, Span: n.Span, Dir: path.Dir(at), Base: path.Base(at), Within: true}
	switch folder := strings.HasSuffix(name, "/") || strings.ContainsAny(name, "*?["); {
	case r.given.Host:
		in.Dir, in.Base = path.Dir(path.Clean(name)), path.Base(name)
		in.Pattern, in.Within = folder, !folder
	case folder:
		in.Dir, in.Base, in.Pattern, in.Within = at, "", true, false
	}
	return in
}

// ownFiles are the files of the options without those that other processes read by a key.
func (part Part) ownFiles(files []string) []string {
	if len(files) == 0 {
		return nil
	}
	read := map[string]bool{}
	for _, piece := range part.whole.Pieces {
		app, _ := Of(piece.Program, "", Given{Placed: func(string) bool { return true }})
		for _, name := range InputPaths(app) {
			read[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(files), func(name string) bool { return read[name] })
}

// keeps has the working folder outlive the program where the options say what keeps it and
// something unseen may have files there.
func (r *reader) keeps(work *Dir) {
	n := unseen(r.p)
	if n == nil || !r.given.Keeps || work.Lasts {
		return
	}
	work.Lasts = true
	if r.app.State.Why == "" {
		r.app.State = State{Lasts: true, Why: "`" + cmp.Or(Unkept(r.p), n.YAML) + "` may keep files, and the options say where"}
	}
}

// Unkept names a sink of the user's own, which may keep files that do not outlive the
// program; "" where there is none.
func Unkept(p *ir.Program) string {
	for _, n := range p.Nodes {
		if _, ok := n.Op.(*ir.Sink); ok && mine(n) {
			return n.YAML
		}
	}
	return ""
}

// MayEnd says what to write where a program ends after all, because its sources are of the
// user's own; "" where they are not. The option is the target's way to say it.
func MayEnd(p *ir.Program, option string) string {
	if bounded(p, Given{}) || !foreignEnds(p) {
		return ""
	}
	return fmt.Sprintf("whether its sources end only you can know; where they do, write %s", option)
}
