package supervisor

import (
	"maps"
	"slices"

	"github.com/flowc-dev/flowc/backends/local"
)

// passed are the variables that everything on a machine has; a program gets no others but
// its own, so that it does not depend on who applied it, and from where.
var passed = []string{"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// base are those variables, for who the group runs as.
func base(lookup func(string) (string, bool), as *account) []string {
	var env []string
	for _, name := range passed {
		value, ok := lookup(name)
		if as != nil {
			switch name {
			case "HOME":
				value, ok = as.home, true
			case "USER", "LOGNAME":
				value, ok = as.name, true
			case "TMPDIR":
				ok = false
			}
		}
		if ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// environment is that of a process of a group.
func environment(base []string, p *local.Process, secrets map[string]string, credentials string) []string {
	env := slices.Clone(base)
	for _, name := range slices.Sorted(maps.Keys(p.Environment)) {
		env = append(env, name+"="+p.Environment[name])
	}
	for _, name := range p.Secrets {
		if value, ok := secrets[name]; ok {
			env = append(env, name+"="+value)
		}
	}
	if len(p.Credentials) > 0 {
		env = append(env, "CREDENTIALS_DIRECTORY="+credentials)
	}
	return env
}
