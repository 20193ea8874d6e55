package nomad

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// keeps tells whether the options say what keeps the folder that the program works in.
func (u *unit) keeps() bool {
	s := u.o.Storage
	return u.o.WorkDir != "" || s != nil && (s.Volume != "" || s.Ephemeral != "")
}

// mounted are the files that the options have for a program which does not see those of the
// client.
func (u *unit) mounted() []string {
	if u.host() {
		return nil
	}
	return slices.Sorted(maps.Keys(u.o.Files))
}

// somewhere is how the options usually say where a file is.
func (u *unit) somewhere() string {
	if u.host() {
		return "{host: PATH}"
	}
	return "{volume: NAME, path: PATH}"
}

// unread says which files the options have and nothing reads.
func (u *unit) unread() {
	paths := manifest.InputPaths(u.app)
	for _, name := range slices.Sorted(maps.Keys(u.o.Files)) {
		if slices.Contains(paths, name) {
			continue
		}
		d := u.list.Errorf(diag.TargetFile, u.at("files", name), "the pipeline reads no file `%s`", name)
		if !d.Near(name, paths) && u.host() {
			d.Helpf("what Go and commands of your own read by relative paths lies below `work_dir`")
		}
	}
}

// unseen brings a file that no key of the pipeline names to the path by which Go of the
// user's own, or a command, looks for it. It tells whether nothing is left to do.
func (u *unit) unseen(t *api.Task, in manifest.Input, from place) bool {
	to := path.Join(in.Dir, in.Base)
	refuse := func(why string, help string) bool {
		u.list.Errorf(diag.TargetFile, u.at("files", in.Path), "%s", why).Helpf("%s", help)
		return true
	}
	rest, inside := strings.CutPrefix(to, manifest.WorkDir+"/")
	switch {
	case from.Volume != "" && in.Within:
		return refuse("`"+in.Path+"` is one file in a folder of the program's, and Nomad mounts no file of a volume",
			"name the file on the client (`{host: /path}`), an address to download it from (`{url: …}`), or the folder in which the program finds it: `"+path.Dir(in.Path)+"/: {volume: NAME}`")
	case from.Volume != "" && from.Path != "":
		return refuse("the program looks for `"+in.Path+"` where the whole volume `"+from.Volume+"` would be, and not a folder in it", "give it a volume of its own")
	case u.o.Driver == docker && from.URL == "":
		return false
	case u.o.Driver == docker: // what was downloaded is bound where the program looks for it
		dest := path.Join("local", "input", strings.TrimPrefix(to, "/"))
		u.fetch(t, in, from, dest)
		u.mounts = append(u.mounts, bind(dest, to, true))
	case from.URL == "":
		return refuse("the driver "+u.o.Driver+" can't bring `"+in.Path+"` of the client to where the program looks for it", "give an address to download it from (`{url: …}`)")
	case !inside: // the root folder of the program is that of the task
		u.fetch(t, in, from, strings.TrimPrefix(to, "/"))
	case u.workDir() != "/local":
		return refuse("nothing can be downloaded into the folder that `storage` keeps", "have the program look for `"+in.Path+"` by an absolute path, such as /srv/"+path.Base(to))
	default:
		u.fetch(t, in, from, path.Join("local", rest))
	}
	return true
}

// fetch has the client download a file, or what is to be a folder.
func (u *unit) fetch(t *api.Task, in manifest.Input, from place, dest string) {
	mode := "file"
	if in.Pattern {
		mode = "any"
	}
	t.Artifacts = append(t.Artifacts, artifact(from.URL, from.Checksum, dest, mode))
}
