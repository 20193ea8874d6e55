package nomad

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// A volume is one of the clients' that the job asks for, with where it is mounted.
type volume struct {
	request *api.VolumeRequest
	mounts  []*api.VolumeMount
}

// volume mounts a volume of the clients'. It is asked for once, and to read alone where
// nothing writes to it.
func (u *unit) volume(name string, s storage, target string, readOnly bool) {
	v := u.volumes[name]
	if v == nil {
		v = &volume{request: &api.VolumeRequest{Name: name, Type: s.Type, Source: name, ReadOnly: true}}
		u.volumes[name] = v
	}
	if !readOnly {
		v.request.ReadOnly = false
		v.request.AccessMode, v.request.AttachmentMode, v.request.PerAlloc = s.AccessMode, s.AttachmentMode, s.PerAlloc
		if s.Type == "csi" {
			v.request.Type = s.Type
			v.request.AccessMode, v.request.AttachmentMode = or(s.AccessMode, "single-node-writer"), or(s.AttachmentMode, "file-system")
		}
	}
	m := &api.VolumeMount{Volume: new(name), Destination: &target}
	if readOnly {
		m.ReadOnly = new(true)
	}
	v.mounts = append(v.mounts, m)
}

func or(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

// keep gives each folder that the program writes to what keeps it.
func (u *unit) keep(g *api.TaskGroup) {
	if u.o.Driver == raw {
		if u.app.State.Lasts && u.o.WorkDir == "" {
			u.list.Errorf(diag.TargetFile, u.at("driver"), "%s, and what runs without a container writes to the folder of its task, which goes with it", u.app.State.Why).
				Helpf("add a folder that each client has: `targets: {nomad: {work_dir: /srv/%s}}`", u.app.Pipeline)
		}
		return
	}
	known := map[string]bool{}
	for _, d := range u.app.Dirs {
		known[d.Path] = true
		s := u.o.storageOf(d.Path)
		switch {
		case s == nil && d.Lasts:
			u.homeless(d)
		case s == nil:
			if u.o.Driver == docker {
				u.mounts = append(u.mounts, tmpfs(d.Path))
			}
		case s.Volume != "":
			u.ownVolume(s, d.Path)
			u.volume(s.Volume, *s, d.Path, false)
		case d.Path != manifest.WorkDir || s.Ephemeral == "":
			u.homeless(d)
		case u.kind.name == periodic:
			u.list.Errorf(diag.TargetOption, u.at("storage", "ephemeral"), "each run of a periodic job is a job of its own and begins with an empty disk, and %s", u.app.State.Why).
				Helpf("use a volume: `storage: {volume: NAME}`")
		default:
			g.EphemeralDisk = &api.EphemeralDisk{Sticky: new(true), Migrate: new(true), SizeMB: new(mebibytes(u.size("storage", s.Ephemeral)))}
			if u.o.Driver == docker { // what the tasks of a group share lies on that disk
				u.mounts = append(u.mounts, bind("../alloc/data", d.Path, false))
			}
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(u.o.Volumes)) {
		if dir == manifest.WorkDir {
			u.list.Errorf(diag.TargetOption, u.at("volumes", dir), "`%s` is where the program works", dir).Helpf("give its volume as `storage`")
		} else if !known[dir] {
			u.list.Errorf(diag.TargetOption, u.at("volumes", dir), "the program does not write to `%s`", dir).Helpf("leave it out of `volumes`")
		}
	}
	if s := u.o.Storage; s != nil && s.Volume != "" && s.Ephemeral != "" {
		u.list.Errorf(diag.TargetOption, u.at("storage"), "a folder lies in a volume or on the disk of the job").Helpf("leave out `volume` or `ephemeral`")
	}
}

// ownVolume refuses a volume that one copy alone can attach, where there are several.
func (u *unit) ownVolume(s *storage, dir string) {
	if u.app.Replicas == 1 || s.Type != "csi" || s.PerAlloc || strings.HasPrefix(s.AccessMode, "multi-node-") {
		return
	}
	key := []string{"storage"}
	if dir != manifest.WorkDir {
		key = []string{"volumes", dir}
	}
	u.list.Errorf(diag.TargetOption, u.at(key...), "%d copies of `%s` can't all attach the volume `%s`", u.app.Replicas, u.app.Process, s.Volume).
		Helpf("make one for each (`%s[0]` and so on) and say `per_alloc: true`, or use one with an access mode such as `multi-node-multi-writer`", s.Volume)
}

// homeless is a folder that must outlive the program, and of which nobody says where it
// lies. There is no safe guess: a folder of the task goes with it, and the disk of a
// job with its client.
func (u *unit) homeless(d manifest.Dir) {
	if d.Path != manifest.WorkDir {
		u.list.Errorf(diag.TargetFile, u.at(), "the program writes to `%s`, and the target nomad must be told which volume that is", d.Path).
			Helpf("add to the pipeline: `targets: {nomad: {volumes: {%q: {volume: NAME}}}}`", d.Path)
		return
	}
	u.list.Errorf(diag.TargetFile, u.at(), "%s, and the target nomad must be told where its folder lies", u.app.State.Why).
		Helpf("add a volume to the pipeline: `targets: {nomad: {storage: {volume: NAME}}}`; with `storage: {ephemeral: 1GiB}` it is lost with the client that has it")
}

// workDir is where the program runs under the exec driver.
func (u *unit) workDir() string {
	switch s := u.o.Storage; {
	case s == nil:
		return "/local"
	case s.Ephemeral != "":
		return "/alloc/data"
	}
	return manifest.WorkDir
}

// stateSays is what the state rests on, in sentences.
func (u *unit) stateSays() string {
	switch s := u.o.Storage; {
	case !u.app.State.Lasts:
		more := ""
		if name := manifest.Unkept(u.p); name != "" {
			more = fmt.Sprintf(" `storage: {volume: NAME}` keeps files of `%s`, if it writes any.", name)
			if u.o.Driver == raw {
				more = fmt.Sprintf(" `work_dir: /srv/%s` keeps files of `%s`, if it writes any.", u.app.Pipeline, name)
			}
		}
		return "No folder has to outlive the program: its memory of how far it came is elsewhere." + more
	case u.o.Driver == raw:
		return fmt.Sprintf("It is kept, since %s: in `%s` of the client. A client that is gone takes it along, and another would begin anew.", u.app.State.Why, u.o.WorkDir)
	case s == nil:
		return fmt.Sprintf("It is kept, since %s: in volumes.", u.app.State.Why)
	case s.Ephemeral != "" && u.kind.name == batch:
		return fmt.Sprintf("It is kept, since %s: on the disk of the job, through all tries. What has ended is cleaned up some time later, and the disk with it.", u.app.State.Why)
	case s.Ephemeral != "":
		return fmt.Sprintf("It is kept, since %s: on the disk of the job. Nomad takes that along to the next version and, as well as it can, to another client; one that dies takes it with it, and then the program reads all again from its beginning.", u.app.State.Why)
	}
	return fmt.Sprintf("It is kept, since %s: in the volume `%s`. The job runs only where that volume is.", u.app.State.Why, u.o.Storage.Volume)
}
