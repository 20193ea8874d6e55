package compose

import (
	"fmt"
	"path"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
)

// mounts are the folders that outlive the program, then what it reads.
func (u *unit) mounts() []Mount {
	var all []Mount
	for _, d := range u.app.Dirs {
		if !d.Lasts {
			continue
		}
		if at := u.options.Storage[d.Path]; at.Bind != "" {
			all = append(all, Mount{Type: "bind", Source: literal(hostPath(at.Bind)), Target: literal(d.Path), Bind: &Bind{}})
			continue
		}
		all = append(all, Mount{Type: "volume", Source: u.volume(d), Target: literal(d.Path)})
	}
	seen := map[Mount]bool{}
	for _, in := range u.app.Inputs {
		place := u.options.Files[in.Path]
		m := Mount{Type: "volume", Source: inputVolume(place), Target: literal(in.Dir), ReadOnly: true}
		if place.Bind != "" {
			m = Mount{Type: "bind", Source: literal(hostPath(place.Bind)), Target: literal(in.Dir), ReadOnly: true}
			switch {
			case in.Within && strings.HasSuffix(place.Bind, "/"): // beside it the program has others
				m.Source = literal(hostPath(path.Join(place.Bind, in.Base)))
				fallthrough
			case !folder(place.Bind, in):
				m.Target = literal(path.Join(in.Dir, in.Base))
			}
		}
		if seen[m] {
			continue
		}
		seen[m] = true
		if m.Type == "bind" {
			m.Bind = &Bind{}
		}
		all = append(all, m)
	}
	return all
}

// folder tells whether a path of the host is the folder in which an input lies, and
// not the input itself.
func folder(bind string, in manifest.Input) bool { return in.Pattern || strings.HasSuffix(bind, "/") }

// volume is the name of a folder's volume in the file. It has the pipeline's in it,
// for projects of several.
func (u *unit) volume(d manifest.Dir) string { return manifest.Label(u.app.Name+"-"+d.Name, 63) }

// inputVolume is the name in the file of a volume that is another's.
func inputVolume(place Place) string { return manifest.Label("input-"+place.Volume, 63) }

// volumes are what the mounts name. Docker fills an empty one with what the image has
// at its place, and so gives it the owner of that folder.
func (u *unit) volumes() map[string]Volume {
	all := map[string]Volume{}
	for _, d := range u.app.Dirs {
		at := u.options.Storage[d.Path]
		switch {
		case !d.Lasts || at.Bind != "":
		case at.External != "":
			all[u.volume(d)] = Volume{External: true, Name: literal(at.External)}
		default:
			v := Volume{Driver: at.Driver, Labels: map[string]string{labelPipeline: u.app.Pipeline}}
			for _, key := range sorted(at.Options) {
				if v.DriverOpts == nil {
					v.DriverOpts = map[string]string{}
				}
				v.DriverOpts[key] = literal(at.Options[key])
			}
			all[u.volume(d)] = v
		}
	}
	for _, in := range u.app.Inputs {
		if place := u.options.Files[in.Path]; place.Volume != "" {
			all[inputVolume(place)] = Volume{External: true, Name: literal(place.Volume)}
		}
	}
	return all
}

// tmpfs are the folders that need not last: the root of the container can't be
// written to.
func (u *unit) tmpfs() []string {
	all := []string{manifest.TempDir + ":size=64m,mode=1777"}
	for _, d := range u.app.Dirs {
		if !d.Lasts {
			all = append(all, fmt.Sprintf("%s:size=16m,mode=0700,uid=%d,gid=%d", literal(d.Path), manifest.User, manifest.Group))
		}
	}
	return all
}

// secretMounts put the files that `${file:…}` names where the program looks.
func (u *unit) secretMounts() []SecretMount {
	var all []SecretMount
	for _, f := range u.app.SecretFiles {
		all = append(all, SecretMount{Source: u.secret(f), Target: literal(f.Path)})
	}
	return all
}

// secret is the name of a file of secrets in the file.
func (u *unit) secret(f manifest.SecretFile) string {
	return manifest.Label(u.app.Pipeline+"-"+f.Name, 63)
}

// secrets are files of the host: a container whose root can't be written to can be
// given no others.
func (u *unit) secrets() map[string]File {
	all := map[string]File{}
	for _, f := range u.app.SecretFiles {
		all[u.secret(f)] = File{File: literal(u.options.secretFile(f))}
	}
	return all
}
