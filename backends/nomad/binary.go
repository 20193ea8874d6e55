package nomad

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// process is the configuration of the drivers that start a binary of the client's.
func (u *unit) process(t *api.Task) map[string]any {
	c := map[string]any{}
	switch b := u.o.Binary; {
	case b == nil || (b.Path == "") == (b.URL == ""):
		u.list.Errorf(diag.TargetOption, u.at("driver"), "the driver %s starts a binary, and must be told where a client has it or gets it", u.o.Driver).
			Helpf("add `binary: {path: /usr/local/bin/%s}`, or `binary: {url: https://…}`; `flowc build` makes it", u.app.Pipeline)
	case b.Path != "":
		c["command"] = b.Path
	default:
		t.Artifacts = append(t.Artifacts, u.download(b))
		c["command"] = "local/" + u.app.Pipeline
	}
	if u.o.Driver == raw {
		if u.o.WorkDir != "" {
			c["work_dir"] = u.o.WorkDir
		}
		return c
	}
	c["work_dir"] = u.workDir()
	c["cap_drop"] = []any{"all"}
	return c
}

func artifact(url, checksum, dest, mode string) *api.TaskArtifact {
	a := &api.TaskArtifact{GetterSource: &url, RelativeDest: &dest, GetterMode: &mode}
	if checksum != "" {
		a.GetterOptions = map[string]string{"checksum": checksum}
	}
	return a
}

// download has a client fetch the binary. One that starts components which flowc has brought
// comes with them, in an archive of the folder that `flowc build` writes: so one checksum is
// that of all of it.
func (u *unit) download(b *binary) *api.TaskArtifact {
	brought := u.brought()
	if len(brought) == 0 {
		return artifact(b.URL, b.Checksum, "local/"+u.app.Pipeline, "file")
	}
	if !isArchive(b.URL) {
		u.list.Errorf(diag.TargetComponent, u.at("binary", "url"), "`%s` starts a component that flowc brings, and a client would download the binary alone", brought[0].Node).
			Helpf("make an archive of what `flowc build -o bin` writes, `tar -C bin -czf %s.tar.gz .`, and name the address and the checksum of that", u.app.Pipeline)
	}
	return artifact(b.URL, b.Checksum, "local/", "any")
}

// brought are the commands of components that flowc brings, which lie beside the binary.
func (u *unit) brought() []manifest.Command {
	return slices.DeleteFunc(manifest.Commands(u.p), func(c manifest.Command) bool { return c.Brought() == "" })
}

// isArchive tells whether a client takes apart what it downloads from an address.
func isArchive(address string) bool {
	name := address
	if u, err := url.Parse(address); err == nil {
		name = u.Path
		if as := u.Query().Get("archive"); as != "" {
			name = "." + as
		}
	}
	return slices.ContainsFunc([]string{".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst", ".tar", ".zip"}, func(ext string) bool { return strings.HasSuffix(strings.ToLower(name), ext) })
}

// readmeBinary says what a client must have of the program, or where it gets that.
func (u *unit) readmeBinary() (needs []string) {
	b, brought := u.o.Binary, u.brought()
	if b == nil || len(brought) == 0 {
		return nil
	}
	if b.Path == "" {
		return []string{"an archive at `" + b.URL + "` of all that `flowc build -o bin` writes: `tar -C bin -czf " + u.app.Pipeline + ".tar.gz .`"}
	}
	for _, c := range brought {
		needs = append(needs, "the component of `"+c.Node+"`, as `"+path.Join(path.Dir(b.Path), "components", c.Brought())+"` on the clients: `flowc build -o` puts it there beside the program")
	}
	return needs
}
