package manifest

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// environment lists the variables that the program reads and that a deployment
// must, or does, give it.
func (r *reader) environment() {
	byName := map[string]*Var{}
	var order []*Var
	optional := map[string]bool{}
	for _, at := range r.places {
		parts(at.value, func(v *ir.Value, part *ir.Part) {
			if part.Kind != ir.Env {
				return
			}
			one := byName[part.Text]
			if one == nil {
				one = &Var{Name: part.Text, Span: part.Span}
				byName[part.Text], optional[part.Text] = one, true
				order = append(order, one)
			}
			optional[part.Text] = optional[part.Text] && part.HasDefault
			given, some := r.given.Env[part.Text]
			switch {
			case v.Secret && some && !harmless(at, given), secretName.MatchString(part.Text) && some:
				r.list.Errorf(diag.SecretLiteral, part.Span, "`%s` is a secret, and `targets.%s.env` would write it into the files of the deployment", part.Text, r.target).
					Helpf("name where the target has it: `targets.%s.secrets: %s`", r.target, r.secretOption(part.Text))
			case v.Secret && !some, slices.Contains(r.given.Secrets, part.Text), secretName.MatchString(part.Text) && !part.HasDefault:
				one.Secret = true
			}
		})
	}
	for _, v := range order {
		value, some := r.given.Env[v.Name]
		switch {
		case v.Secret && (!optional[v.Name] || slices.Contains(r.given.Secrets, v.Name)):
			r.app.Env = append(r.app.Env, *v)
		case v.Secret:
		case some:
			v.Value = value
			r.app.Env = append(r.app.Env, *v)
		case !optional[v.Name]:
			r.list.Errorf(diag.TargetEnv, v.Span, "the program needs the variable `%s`, and the target %s does not give it", v.Name, r.target).
				Helpf("add it to the pipeline: `targets: {%s: {env: {%s: …}}}`, or, where it is a secret, `targets: {%s: {secrets: %s}}`", r.target, v.Name, r.target, r.secretOption(v.Name))
		}
	}
	for name, value := range r.given.Env {
		if byName[name] == nil && name != settingsVariable { // the user's Go, or the Go runtime, reads it
			r.app.Env = append(r.app.Env, Var{Name: name, Value: value})
		}
	}
	for _, name := range r.given.Secrets {
		if byName[name] == nil {
			r.app.Env = append(r.app.Env, Var{Name: name, Secret: true})
		}
	}
}

// secretOption is how the target's options say that a variable is a secret.
func (r *reader) secretOption(name string) string {
	if r.target == "local" { // one file has them all
		return "{names: [" + name + "]}"
	}
	return "{" + name + ": {}}"
}

// secretName are the names that variables with secrets bear.
var secretName = regexp.MustCompile(`(?i)(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)$`)

// harmless tells whether a value of a key that may have a password has none.
func harmless(at place, text string) bool {
	if at.key == nil || at.key.Form != "dsn" {
		return false
	}
	if strings.Contains(text, "password") {
		return false
	}
	for _, one := range strings.Split(text, ",") {
		if u, err := url.Parse(one); err != nil || u.User != nil {
			return false
		}
	}
	return true
}

// secretFiles lists the files that `${file:…}` names.
func (r *reader) secretFiles() {
	seen := map[string]bool{}
	bases := map[string]string{}
	for _, at := range r.places {
		parts(at.value, func(_ *ir.Value, part *ir.Part) {
			if part.Kind != ir.FileRef || seen[part.Text] {
				return
			}
			seen[part.Text] = true
			file := SecretFile{Path: part.Text, Name: path.Base(part.Text), Span: part.Span}
			if !path.IsAbs(file.Path) && !r.given.Host {
				file.Path = path.Join(WorkDir, file.Path)
			}
			if other := bases[file.Name]; other != "" && other != file.Path {
				r.list.Errorf(diag.TargetName, part.Span, "two files of secrets are called `%s`: %s and %s", file.Name, other, file.Path).
					Helpf("give one of them another name: a target has its secrets by name")
			}
			bases[file.Name] = file.Path
			r.app.SecretFiles = append(r.app.SecretFiles, file)
		})
	}
}

// settingsVariable holds settings, an assignment a line.
const settingsVariable = "FLOWC_SET"

// more reads the settings that a target's options give. They stand behind those that
// follow from the target, and so are stronger.
func (r *reader) more() {
	r.app.Settings = append(r.app.Settings, r.given.settings()...)
}

// settings are the assignments that the options give.
func (g Given) settings() (all []Setting) {
	for line := range strings.Lines(g.Env[settingsVariable]) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, _ := strings.Cut(line, "=") // without one the program says what is wrong
		all = append(all, Setting{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return all
}

// assigned is what the options give a setting: of several values the last one.
func (g Given) assigned(key string) (value string, ok bool) {
	for _, s := range g.settings() {
		if s.Key == key {
			value, ok = s.Value, true
		}
	}
	return value, ok
}

// Assignments is the text of FLOWC_SET, an assignment a line; "" for none.
func (a *App) Assignments() string {
	var b strings.Builder
	for _, s := range a.Settings {
		fmt.Fprintf(&b, "%s=%s\n", s.Key, s.Value)
	}
	return b.String()
}
