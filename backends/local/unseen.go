package local

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// The kinds that options can say.
const (
	asService = "service"
	asRun     = "run"
)

// checkKind refuses a kind that the pipeline can't be.
func (u *unit) checkKind() {
	switch {
	case u.o.As == asRun && !u.app.Bounded:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a run ends by itself, and `%s` goes on for ever", u.endless()).Helpf("leave `as` out")
	case u.o.As == asService && u.app.Bounded:
		u.list.Errorf(diag.TargetOption, u.at("as"), "a service runs for ever, and all sources of this program end by themselves").
			Helpf("leave `as` out, or give the program a `schedule`")
	}
}

// mayEnd says what to write where the program ends and only the user can know that.
func (u *unit) mayEnd() string {
	if more := manifest.MayEnd(u.p, "`as: run`, or a `schedule`"); more != "" && !u.several() {
		return "; " + more
	}
	return ""
}

// links are the files of the host that Go and commands of the user's own look for by a
// relative path, which no key of the pipeline names, by that path.
func (u *unit) links() map[string]string {
	var all map[string]string
	for _, in := range u.app.Inputs {
		if in.Key != "" {
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[path.Clean(in.Path)] = u.o.Files[in.Path]
	}
	return all
}

// bring brings them to the folder in which the program runs. A unit of the system has them
// there whoever may read the folders above them, and can't write to them; a user's own has
// links, since a user may mount nothing.
func (u *unit) bring(s *section) {
	all := u.links()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.ContainsAny(name+all[name], ": \t\n\"'\\") {
			u.list.Errorf(diag.TargetName, u.at("files", name), "systemd can't bring `%s` to `%s`: there may be no space, quote or colon in either", all[name], name).
				Helpf("make a link to it that has another name, and say where that is")
		}
		if u.host.Data != "" {
			s.set("ExecStartPre", "ln -sfnT "+plain(all[name])+" "+plain(name))
			continue
		}
		s.set("BindReadOnlyPaths", plain(all[name])+":%S/"+u.folder()+"/"+plain(name))
	}
}
