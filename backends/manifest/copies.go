package manifest

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
)

// copies says whether several copies of a program may run at once: where all
// sources share what they read, and nothing that they write is one copy's alone.
func copies(p *ir.Program, given Given, state State) Copies {
	why := "copies share what the sources give"
	for _, n := range p.Nodes {
		switch op := n.Op.(type) {
		case *ir.Source:
			if !op.Facts.Shared {
				return Copies{Why: fmt.Sprintf("`%s` reads all that there is, and a second copy would read it again", n.YAML)}
			}
			if name, known := given.Text(settingOf(n, "instance")); known {
				return Copies{Why: fmt.Sprintf("`%s` is the member `%s` of its group, and a second one of that name shuts the first out", n.YAML, name)}
			}
			why = fmt.Sprintf("copies share what `%s` gives", n.YAML)
		case *ir.Sink:
			if op.Facts.WhenAsked && op.Checkpoint {
				return Copies{Why: fmt.Sprintf("`%s` writes in transactions under the pipeline's name, from which a second copy shuts the first out", n.YAML)}
			}
		}
	}
	if state.Lasts {
		return Copies{Why: state.Why}
	}
	return Copies{Many: true, Why: why}
}

// settingOf is the value of a key of a node, nil where the pipeline does not say it.
func settingOf(n *ir.Node, key string) *ir.Value {
	for _, s := range n.Settings() {
		if s.Key == key {
			return s.Value
		}
	}
	return nil
}

// state says whether the program has files that must outlive it, and puts its
// working folder before the others that it writes to.
func (r *reader) state() {
	a := r.app
	work := Dir{Path: WorkDir, Name: "data"}
	for _, n := range r.p.Nodes {
		op, ok := n.Op.(*ir.Source)
		if ok && op.Facts.Replayable && (r.p.Delivery.Store == "file" || r.p.Delivery.Store == "") {
			work.Lasts = true
			a.State = State{Lasts: true, Why: fmt.Sprintf("the checkpoint of `%s` is a file", n.YAML)}
			break
		}
	}
	var others []Dir
	for _, w := range r.writes {
		if a.State.Why == "" {
			a.State = State{Lasts: true, Why: fmt.Sprintf("`%s` writes files", w.node)}
		}
		if w.dir == WorkDir || strings.HasPrefix(w.dir, WorkDir+"/") || r.given.Host && !path.IsAbs(w.dir) {
			work.Lasts = true
			continue
		}
		if !slices.ContainsFunc(others, func(d Dir) bool { return d.Path == w.dir }) {
			others = append(others, Dir{Path: w.dir, Name: Label("data"+w.dir, 63), Lasts: true})
		}
	}
	r.keeps(&work)
	slices.SortFunc(others, func(x, y Dir) int { return cmp.Compare(x.Path, y.Path) })
	if r.given.Host { // where it works is the target's own
		a.Dirs = others
	} else {
		a.Dirs = append([]Dir{work}, others...)
	}
}

// Folders are the folders outside of [WorkDir] that the program writes to, as far as
// the pipeline alone says it. Its image has them as the program's own: an engine gives
// an empty volume the owner of the folder that it is mounted at.
func Folders(p *ir.Program) []string {
	app, _ := Of(p, "", Given{Placed: func(string) bool { return true }})
	var all []string
	for _, d := range app.Dirs {
		if d.Path != WorkDir {
			all = append(all, d.Path)
		}
	}
	return all
}
