package nomad

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/backends"
)

// readme says what the cluster must have before the job runs, and how it is run.
func (d *deployment) readme() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s%s. DO NOT EDIT. -->\n\n# %s on Nomad\n\n", backends.Header, d.layout.VersionSuffix(), d.name())
	fmt.Fprintf(&b, "`%s` is a %s job.\n", d.file(), d.kind().name)
	if needs := d.needs(); len(needs) > 0 {
		b.WriteString("\n## What it needs\n\n- " + strings.Join(needs, "\n- ") + "\n")
	}
	d.readmeSecrets(&b)
	b.WriteString("\n## Run it\n\n")
	fmt.Fprintf(&b, "```sh\nnomad job validate -json %s\n", d.file())
	fmt.Fprintf(&b, "nomad job plan -json %s               # what would change; prints the index for the next line\n", d.file())
	counts := ""
	if d.o.Scale != nil { // what an autoscaler chose stays
		counts = "-preserve-counts "
	}
	fmt.Fprintf(&b, "nomad job run -json %s-check-index INDEX %s\n", counts, d.file())
	if d.kind().name == periodic {
		fmt.Fprintf(&b, "nomad job periodic force %s            # a run now, beside the schedule\n", d.name())
	}
	fmt.Fprintf(&b, "nomad job status %s\nnomad job stop -purge %s\n```\n", d.name(), d.name())
	return []byte(b.String())
}

// needs are what the job refers to and does not hold, without its secrets.
func (d *deployment) needs() (needs []string) {
	for _, u := range d.units {
		for _, need := range u.needs() {
			if !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
	}
	if d.broker != nil {
		needs = append(needs, d.broker.needs()...)
	}
	return needs
}

// secretItems are the secrets of all processes by where they are: the items of each
// variable of Nomad's, and the fields of Vault's.
func (d *deployment) secretItems() (items map[string][]string, vault []string) {
	items = map[string][]string{}
	for _, u := range d.units {
		own, ownVault := u.secretItems()
		for name, list := range own {
			for _, item := range list {
				if !slices.Contains(items[name], item) {
					items[name] = append(items[name], item)
				}
			}
		}
		for _, s := range ownVault {
			if !slices.Contains(vault, s) {
				vault = append(vault, s)
			}
		}
	}
	return items, vault
}

// needs are what the group refers to and does not hold, without its secrets.
func (u *unit) needs() (needs []string) {
	if u.o.Driver == docker {
		needs = append(needs, fmt.Sprintf("the image `%s`, where the clients can pull it", u.app.Image))
	} else {
		needs = append(needs, u.readmeBinary()...)
	}
	for _, name := range slices.Sorted(maps.Keys(u.volumes)) {
		v := u.volumes[name].request
		what, access := "host volume", "the program writes to it as the user 65532"
		if v.Type == "csi" {
			what = "CSI volume"
		}
		if v.ReadOnly {
			access = "it is read, and not written to"
		}
		which := "`" + name + "`"
		if v.PerAlloc {
			which = fmt.Sprintf("`%s[0]`, and one for each other copy of `%s`,", name, u.app.Process)
		}
		needs = append(needs, fmt.Sprintf("the %s %s on a client: %s", what, which, access))
	}
	if u.binds() {
		needs = append(needs, "clients whose docker plugin has `volumes { enabled = true }`, for the paths of theirs that are mounted")
	}
	if u.grace() > killDefault {
		needs = append(needs, u.readmeKill())
	}
	if e := u.app.Elastic; e != nil && u.o.Scale != nil && u.o.Scale.Target > 0 && len(u.o.Scale.Policy) == 0 {
		needs = append(needs, fmt.Sprintf("for as many hosts of `%s` as there is work: the autoscaler with an APM `%s` that has /metrics of the service `%s`; without, `nomad job scale`", u.app.Process, u.o.Scale.Source, u.portService(u.app.PagesPort())))
	}
	return needs
}

// killDefault is how long a client waits for a task to end by default.
const killDefault = 30 * time.Second

// readmeKill says what clients should be told of the time that a stop takes.
func (u *unit) readmeKill() string {
	what := "or the last 5s of the grace are cut"
	if u.app.Drain > killDefault {
		what = "or an ordered stop is cut short after 30s"
	}
	return fmt.Sprintf("clients with `max_kill_timeout = \"%s\"`, %s", short(u.grace()), what)
}

// binds tells whether a path outside the job's own folders is mounted.
func (u *unit) binds() bool {
	return slices.ContainsFunc(u.mounts, func(m any) bool {
		from, ok := m.(map[string]any)["source"].(string)
		return ok && strings.HasPrefix(from, "/")
	})
}

// secretItems are the secrets by where they are: the items of each variable of Nomad's,
// and the fields of Vault's.
func (u *unit) secretItems() (items map[string][]string, vault []string) {
	items = map[string][]string{}
	add := func(s origin) {
		if s.variable == "" {
			vault = append(vault, fmt.Sprintf("`%s` with the field `%s`", strings.Trim(strings.TrimPrefix(s.block, "secret "), `"`), s.value[strings.LastIndexByte(s.value, '.')+1:]))
		} else if !slices.Contains(items[s.variable], s.item) {
			items[s.variable] = append(items[s.variable], s.item)
		}
	}
	for _, v := range u.app.Env {
		if v.Secret {
			add(u.sourceOf(v.Name, ""))
		}
	}
	for _, f := range u.app.SecretFiles {
		if u.o.Driver != raw {
			add(u.sourceOf(f.Path, f.Name))
		}
	}
	for _, b := range u.app.Beside {
		for _, s := range b.Foreign.Secrets {
			add(u.sourceOf(s.Name, ""))
		}
	}
	return items, vault
}

// putLine is the command that makes a variable.
func putLine(name string, items []string) string {
	line := "nomad var put " + name
	for _, item := range items {
		line += " " + item + "=…"
	}
	return line
}

// readmeSecrets lists the secrets; their values are in no file.
func (d *deployment) readmeSecrets(b *strings.Builder) {
	items, vault := d.secretItems()
	if len(items)+len(vault) == 0 {
		return
	}
	b.WriteString("\n## Secrets\n\nTheir values are in none of these files.\n")
	if len(items) > 0 {
		b.WriteString("\n```sh\n")
		for _, name := range slices.Sorted(maps.Keys(items)) {
			b.WriteString(putLine(name, items[name]) + "\n")
		}
		b.WriteString("```\n")
	}
	for _, name := range slices.Sorted(maps.Keys(items)) {
		if name != "nomad/jobs/"+d.name() {
			fmt.Fprintf(b, "\nThe job may read `nomad/jobs/%s`; `%s` needs a policy for its workload identity.\n", d.name(), name)
		}
	}
	for _, s := range vault {
		b.WriteString("\n- Vault: " + s + "\n")
	}
}
