package nomad

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/nomad/api"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
)

// variable is the form of names that templates can say after a dot, and so miss: a name
// in any other form would be an empty text, where it is not there.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var unnamed = regexp.MustCompile(`[^A-Za-z0-9_]+`)

// An origin is where a secret comes from: a block of a template that finds it, and the
// words that say its value in the block.
type origin struct {
	block, value string
	// variable and item are those of Nomad's, "" for Vault.
	variable, item string
}

// sourceOf is where a secret of this name comes from; other is a second name of it.
func (u *unit) sourceOf(name, other string) origin {
	s, ok := u.o.Secrets[name]
	if !ok && other != "" {
		s = u.o.Secrets[other]
		name = other
	}
	if s.Vault != "" {
		if s.Variable != "" || s.Item != "" {
			u.list.Errorf(diag.TargetOption, u.at("secrets", name), "`%s` is in Vault or in a variable of Nomad's", name).Helpf("leave out `vault` and `field`, or `variable` and `item`")
		}
		data := ".Data."
		if strings.Contains(s.Vault, "/data/") { // the second version of the store
			data = ".Data.data."
		}
		return origin{block: fmt.Sprintf("secret %q", s.Vault), value: data + or(s.Field, itemName(name))}
	}
	from := origin{variable: or(s.Variable, "nomad/jobs/"+u.name()), item: or(s.Item, itemName(name))}
	from.block, from.value = fmt.Sprintf("nomadVar %q", from.variable), "."+from.item
	return from
}

// itemName is a name as an item of a variable has it.
func itemName(name string) string {
	name = unnamed.ReplaceAllString(path.Base(name), "_")
	if !variable.MatchString(name) {
		return "_" + name
	}
	return name
}

// templates bring the secrets: variables in one file that becomes part of the
// environment, files each at its path. A key that is not there is an error, and one
// that changes starts the program again.
func (u *unit) templates() []*api.Template {
	var all []*api.Template
	if text := u.envTemplate(); text != "" {
		all = append(all, &api.Template{
			DestPath: new("secrets/env"), EmbeddedTmpl: &text, Envvars: new(true), ErrMissingKey: new(true),
			ChangeMode: new("restart"), Perms: new("0400"),
		})
	}
	if u.broker != nil {
		all = append(all, u.broker.address(u))
	}
	items := map[string]string{}
	for _, f := range u.app.SecretFiles {
		from := u.sourceOf(f.Path, f.Name)
		if u.o.Driver == raw {
			u.ownFile(f)
			continue
		}
		if other := items[from.block+from.value]; other != "" {
			u.list.Errorf(diag.TargetName, f.Span, "%s and %s would both be the item `%s`", other, f.Path, from.item).
				Helpf("name the items: `targets: {nomad: {secrets: {%q: …}}}`", f.Name)
		}
		items[from.block+from.value] = f.Path
		text := "{{ with " + from.block + " }}{{ " + from.value + " }}{{ end }}"
		t := &api.Template{DestPath: new(u.secretDest(f)), EmbeddedTmpl: &text, ErrMissingKey: new(true), ChangeMode: new("restart")}
		if u.o.Driver == docker {
			t.Perms, t.Uid, t.Gid = new("0400"), new(manifest.User), new(manifest.Group)
		}
		all = append(all, t)
	}
	return all
}

// envTemplate has the variables by where they come from; each value is quoted, so that
// a line's end or a sign in it stays one.
func (u *unit) envTemplate() string {
	lines := map[string][]string{}
	for _, v := range u.app.Env {
		if v.Secret {
			from := u.sourceOf(v.Name, "")
			lines[from.block] = append(lines[from.block], v.Name+"={{ "+from.value+" | toJSON }}\n")
		}
	}
	var b strings.Builder
	for _, block := range slices.Sorted(maps.Keys(lines)) {
		b.WriteString("{{- with " + block + " }}\n" + strings.Join(lines[block], "") + "{{- end }}\n")
	}
	return b.String()
}

// secretDest is where a template puts a file, below the folder of the task; a container
// has it at its path by a mount, and under exec that folder is the root.
func (u *unit) secretDest(f manifest.SecretFile) string {
	if u.o.Driver == isolate || strings.HasPrefix(f.Path, "/secrets/") {
		return strings.TrimPrefix(f.Path, "/")
	}
	dest := "secrets/" + f.Name
	u.mounts = append(u.mounts, bind(dest, f.Path, true))
	return dest
}

// ownFile refuses a place for a file that a program without a container reads from the
// client as it is.
func (u *unit) ownFile(f manifest.SecretFile) {
	for _, name := range []string{f.Path, f.Name} {
		if _, ok := u.o.Secrets[name]; ok {
			u.list.Errorf(diag.TargetOption, u.at("secrets", name), "the driver raw_exec leaves the program in the client's own folders, and so `%s` is a file of the client's", f.Path).
				Helpf("leave it out of `secrets`, or use the driver docker")
			return
		}
	}
}

// vault asks for a token, where a secret is Vault's. The program does not see it.
func (u *unit) vault() *api.Vault {
	for _, s := range u.o.Secrets {
		if s.Vault != "" {
			return &api.Vault{Role: u.o.VaultRole, Env: new(false), DisableFile: new(true), ChangeMode: new("noop")}
		}
	}
	return nil
}
