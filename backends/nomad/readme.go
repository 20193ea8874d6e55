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
func (u *unit) readme() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- %s%s. DO NOT EDIT. -->\n\n# %s on Nomad\n\n", backends.Header, u.layout.VersionSuffix(), u.name())
	fmt.Fprintf(&b, "`%s` is a %s job.\n", u.file(), u.kind.name)
	u.readmeNeeds(&b)
	b.WriteString("\n## Run it\n\n")
	fmt.Fprintf(&b, "```sh\nnomad job validate -json %s\n", u.file())
	fmt.Fprintf(&b, "nomad job plan -json %s               # what would change; prints the index for the next line\n", u.file())
	fmt.Fprintf(&b, "nomad job run -json -check-index INDEX %s\n", u.file())
	if u.kind.name == periodic {
		fmt.Fprintf(&b, "nomad job periodic force %s            # a run now, beside the schedule\n", u.name())
	}
	fmt.Fprintf(&b, "nomad job status %s\nnomad job stop -purge %s\n```\n", u.name(), u.name())
	return []byte(b.String())
}

// readmeNeeds lists what the job refers to and does not hold.
func (u *unit) readmeNeeds(b *strings.Builder) {
	var needs []string
	if u.o.Driver == docker {
		needs = append(needs, fmt.Sprintf("The image `%s`, where the clients can pull it.", u.app.Image))
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
		needs = append(needs, fmt.Sprintf("The %s `%s` on a client: %s.", what, name, access))
	}
	if u.binds() {
		needs = append(needs, "Clients whose docker plugin has `volumes { enabled = true }`, for the paths of theirs that are mounted.")
	}
	if u.grace() > killDefault {
		needs = append(needs, u.readmeKill())
	}
	if len(needs) > 0 {
		b.WriteString("\n## What it needs\n\n- " + strings.Join(needs, "\n- ") + "\n")
	}
	u.readmeSecrets(b)
}

// killDefault is how long a client waits for a task to end by default.
const killDefault = 30 * time.Second

// readmeKill says what clients should be told of the time that a stop takes.
func (u *unit) readmeKill() string {
	what := "or the last 5s of the grace are cut"
	if u.app.Drain > killDefault {
		what = "or an ordered stop is cut short after 30s"
	}
	return fmt.Sprintf("Clients with `max_kill_timeout = \"%s\"`, %s.", short(u.grace()), what)
}

// binds tells whether a path outside the job's own folders is mounted.
func (u *unit) binds() bool {
	return slices.ContainsFunc(u.mounts, func(m any) bool {
		from, ok := m.(map[string]any)["source"].(string)
		return ok && strings.HasPrefix(from, "/")
	})
}

// readmeSecrets lists the secrets by where they are; their values are in no file.
func (u *unit) readmeSecrets(b *strings.Builder) {
	items, vault := map[string][]string{}, []string{}
	add := func(s origin) {
		if s.variable == "" {
			vault = append(vault, "`"+strings.TrimPrefix(s.block, "secret ")+"`, "+s.value)
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
	if len(items)+len(vault) == 0 {
		return
	}
	b.WriteString("\n## Secrets\n\nTheir values are in none of these files.\n")
	if len(items) > 0 {
		b.WriteString("\n```sh\n")
		for _, name := range slices.Sorted(maps.Keys(items)) {
			b.WriteString("nomad var put " + name)
			for _, item := range items[name] {
				b.WriteString(" " + item + "=…")
			}
			b.WriteString("\n")
		}
		b.WriteString("```\n")
	}
	for _, name := range slices.Sorted(maps.Keys(items)) {
		if name != "nomad/jobs/"+u.name() {
			fmt.Fprintf(b, "\nThe job may read `nomad/jobs/%s`; `%s` needs a policy for its workload identity.\n", u.name(), name)
		}
	}
	for _, s := range vault {
		b.WriteString("\n- Vault: " + s + "\n")
	}
}
