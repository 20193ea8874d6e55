package compose

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// variable is the form of a variable's name.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check holds the options against the program.
func (u *unit) check() {
	u.checkKind()
	u.checkFiles()
	u.checkSecrets()
	u.checkStorage()
	u.checkPorts()
	u.checkNames()
	u.checkBeside()
	u.checkJobs()
	u.checkOverlay()
}

// at is where an option stands: its keys, from `targets.compose` on. Of one that the
// file does not have, it is the next that it does.
func (u *unit) at(keys ...string) source.Span {
	return manifest.OptionAt(u.p.TargetSpans, "compose", u.app.Process, keys...)
}

// checkKind looks at how, and how often, the program is run.
func (u *unit) checkKind() {
	a, o := u.app, u.options
	if u.job() && !a.Bounded {
		u.list.Errorf(diag.TargetOption, u.at("as"), "a job ends, and the pipeline `%s` has a source that never does", a.Name).
			Helpf("leave `as` out: it becomes a service")
	}
	if a.Bounded && (o.Restart == "always" || o.Restart == "unless-stopped") {
		u.list.Errorf(diag.TargetOption, u.at("restart"), "all sources of `%s` end by themselves, and `restart: %s` would start it again for ever", a.Name, o.Restart).
			Helpf("leave `restart` out: it is started again where it failed")
	}
	if o.Replicas > 1 && !a.Copies.Many {
		u.list.Errorf(diag.TargetCopies, u.at("replicas"), "one copy of `%s` may run, not %d: %s", a.Name, o.Replicas, a.Copies.Why)
	}
}

// checkFiles looks at where the inputs are.
func (u *unit) checkFiles() {
	var paths []string
	for _, in := range u.app.Inputs {
		if !slices.Contains(paths, in.Path) {
			paths = append(paths, in.Path)
		}
	}
	for _, name := range sorted(u.options.Files) {
		place := u.options.Files[name]
		if !slices.Contains(paths, name) {
			u.list.Errorf(diag.TargetFile, u.at("files", name), "the pipeline reads no file `%s`", name).Near(name, paths)
			continue
		}
		switch i := slices.IndexFunc(u.app.Inputs, func(in manifest.Input) bool { return in.Path == name }); {
		case u.app.Inputs[i].Within && place.Volume != "":
			d := u.list.Errorf(diag.TargetFile, u.at("files", name), "`%s` is one file in a folder of the program's, and Compose mounts no file of a volume", name).
				Helpf("name the file on the host, `{bind: PATH}`")
			if dir := path.Dir(name); dir != "." && dir != "/" {
				d.Helpf("or the folder in which the program finds it: `%s/: {volume: NAME}`", dir)
			}
		case (place.Bind == "") == (place.Volume == ""):
			u.list.Errorf(diag.TargetFile, u.at("files", name), "where `%s` is must be said in one way", name).
				Helpf("a path of the host, `{bind: PATH}`, or a volume, `{volume: NAME}`")
		}
	}
}

// checkSecrets looks at where the secrets are.
func (u *unit) checkSecrets() {
	var names []string
	for _, f := range u.app.SecretFiles {
		names = append(names, f.Path, f.Name)
	}
	for _, name := range sorted(u.options.Secrets) {
		s := u.options.Secrets[name]
		file := slices.Contains(names, name)
		switch {
		case s.Env != "" && s.File != "":
			u.list.Errorf(diag.TargetOption, u.at("secrets", name), "where the secret `%s` is must be said in one way", name).
				Helpf("a variable of the environment of docker compose, `{env: NAME}`, or a file, `{file: PATH}`")
		case file && s.Env != "":
			u.list.Errorf(diag.TargetOption, u.at("secrets", name, "env"), "`%s` is a file, and Compose gives containers whose root is read-only no file from a variable", name).
				Helpf("name the file on the host: `{file: PATH}`")
		case !file && s.File != "":
			d := u.list.Errorf(diag.TargetOption, u.at("secrets", name, "file"), "the pipeline names no file `%s`, and Compose gives no variable from a file", name)
			if !d.Near(name, names) {
				d.Helpf("name the variable of the environment of docker compose, `{env: NAME}`, or write `${file:PATH}` in the pipeline")
			}
		case !file && !variable.MatchString(name):
			u.list.Errorf(diag.TargetOption, u.at("secrets", name), "`%s` is neither the name of a variable nor a file that the pipeline names", name).Near(name, names)
		}
	}
	seen := map[string]string{}
	for _, f := range u.app.SecretFiles {
		if other, ok := seen[u.secret(f)]; ok {
			u.list.Errorf(diag.TargetName, f.Span, "the secrets %s and %s have one name in the project", other, f.Path)
		}
		seen[u.secret(f)] = f.Path
	}
}

// checkStorage looks at what keeps the folders.
func (u *unit) checkStorage() {
	var paths []string
	for _, d := range u.app.Dirs {
		if d.Lasts {
			paths = append(paths, d.Path)
		}
	}
	there := append(manifest.Folders(u.p), manifest.WorkDir)
	for _, name := range paths {
		if s := u.options.Storage[name]; s.Bind == "" && s.External == "" && !slices.Contains(there, name) {
			u.list.Errorf(diag.TargetFile, u.at("env"), "the folder `%s` follows from a variable, so the image does not have it, and a new volume at it would be root's", name).
				Helpf("write the folder into the pipeline, or say what keeps it: `targets: {compose: {storage: {%s: {bind: PATH}}}}`", name)
		}
	}
	for _, name := range sorted(u.options.Storage) {
		s := u.options.Storage[name]
		if !slices.Contains(paths, name) {
			d := u.list.Errorf(diag.TargetOption, u.at("storage", name), "the program keeps nothing in the folder `%s`", name)
			if d.Near(name, paths) {
				continue
			}
			d.Notef("it keeps what it writes in %s", cmp.Or(strings.Join(paths, ", "), "no folder at all"))
			if own := manifest.Unkept(u.p); own != "" && len(paths) == 0 {
				d.Helpf("`storage: {%s: {}}` keeps what `%s` writes", manifest.WorkDir, own)
			}
			continue
		}
		ways := 0
		for _, said := range []bool{s.Bind != "", s.External != "", s.Driver != "" || len(s.Options) > 0} {
			if said {
				ways++
			}
		}
		if ways > 1 {
			u.list.Errorf(diag.TargetOption, u.at("storage", name), "what keeps `%s` must be said in one way", name).
				Helpf("a folder of the host, `{bind: PATH}`, a volume that is there, `{external: NAME}`, or the driver of a new one, `{driver: NAME, options: {…}}`")
		}
	}
}

// checkPorts looks at what is published.
func (u *unit) checkPorts() {
	var names []string
	for _, p := range u.app.Ports {
		names = append(names, p.Name)
	}
	for _, name := range sorted(u.options.Publish) {
		if !slices.Contains(names, name) {
			d := u.list.Errorf(diag.TargetPort, u.at("publish", name), "the program has no port `%s`", name)
			if !d.Near(name, names) {
				d.Notef("its ports are %s", strings.Join(names, ", "))
			}
		}
	}
}

// checkPlaces looks at where on the host the ports are; taken are those of the services
// before.
func (u *unit) checkPlaces(taken []published, cut bool) []published {
	for _, p := range u.ports() {
		if p.host == "" {
			continue
		}
		address, first, last := p.parts()
		span := u.at("publish", p.Name)
		copies := max(u.options.Replicas, 1)
		switch {
		case first < 1 || last > 65535 || last < first:
			u.list.Errorf(diag.TargetPort, span, "`%s` is no place on a host", p.host).
				Helpf("write a port (8080), an address with one (0.0.0.0:8080), or a range with one for each copy (8080-8083)")
			continue
		case last-first+1 < copies:
			u.list.Errorf(diag.TargetPort, span, "%d copies can't have `%s` on the host, where they need a port each", copies, p.host).
				Helpf("publish a range (%d-%d), or nothing, and put a proxy on the same network", first, first+copies-1)
		case last > first && copies == 1:
			u.list.Errorf(diag.TargetPort, span, "one copy needs one port on the host, and `%s` are %d", p.host, last-first+1)
		}
		for _, other := range taken {
			at, from, to := other.parts()
			if (at == address || everywhere(at) || everywhere(address)) && first <= to && from <= last {
				d := u.list.Errorf(diag.TargetPort, span, "the ports `%s` and `%s` are both published at %d", other.Name, p.Name, max(first, from))
				if cut && other.Name == p.Name { // of all processes, or of all copies
					d.Helpf("leave `%s` out of `publish`: what is on the same network reaches each process by the name of its service", p.Name)
					continue
				}
				d.Helpf("give one of them another: `targets: {compose: {publish: {%s: PORT}}}`", p.Name)
			}
		}
		taken = append(taken, p)
	}
	return taken
}

// everywhere tells whether an address stands for all of the host's.
func everywhere(address string) bool { return address == "" || address == "0.0.0.0" || address == "::" }

// checkNames looks at what becomes a key of the file.
func (u *unit) checkNames() {
	a := u.app
	if !manifest.IsKey(a.Name) {
		u.list.Errorf(diag.TargetName, u.at(), "a service can't be called `%s`, which readers of YAML take for a number", a.Name).
			Helpf("give the pipeline a name with letters: `pipeline: NAME`")
	}
	said := map[string]string{}
	for _, l := range slices.Concat(a.Labels, a.Annotations) {
		u.checkLabel(l.Key, l.Span)
		if value, ok := said[l.Key]; ok && value != l.Value {
			u.list.Errorf(diag.TargetName, l.Span, "`%s` is a label and an annotation, and a container has labels alone", l.Key).
				Helpf("give one of them another name")
		}
		said[l.Key] = l.Value
	}
	for _, key := range sorted(u.options.Labels) {
		u.checkLabel(key, u.at("labels", key))
	}
	places := map[string]string{}
	for _, d := range a.Dirs {
		name := u.volume(d)
		if other, ok := places[name]; ok {
			u.list.Errorf(diag.TargetName, u.at(), "the folders %s and %s have one volume", other, d.Path)
		}
		places[name] = d.Path
	}
	for _, name := range u.options.Networks {
		if u.isolated() && name == a.Name {
			u.list.Errorf(diag.TargetName, u.at("networks"), "the network `%s` is the project's own", name)
		}
	}
}

func (u *unit) checkLabel(key string, at source.Span) {
	switch {
	case !manifest.IsKey(key):
		u.list.Errorf(diag.TargetName, at, "a label of a container can't be called `%s`", key).
			Helpf("use letters, digits, dots, slashes, hyphens and underscores, with a letter first")
	case strings.HasPrefix(key, "com.docker."), strings.HasPrefix(key, "io.docker."), strings.HasPrefix(key, "org.dockerproject."), strings.HasPrefix(key, "dev.flowc."):
		u.list.Errorf(diag.TargetName, at, "labels that begin like `%s` are those of the tools themselves", key).
			Helpf("use a domain of your own")
	}
}
