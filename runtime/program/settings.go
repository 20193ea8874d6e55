package program

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// An environment is where values from outside come from: the process's own, or
// a test's.
type environment struct {
	lookup   func(name string) (string, bool)
	readFile func(path string) ([]byte, error)
}

func processEnvironment() environment { return environment{os.LookupEnv, os.ReadFile} }

// An assignment is one key=value, from where.
type assignment struct {
	key, value string
	where      string // "--set", "FLOWC_SET line 3", "prod.conf:3"
}

// settingsVariable holds assignments, one a line.
const settingsVariable = "FLOWC_SET"

// collect gathers the assignments of all places for the pipeline of a name, the
// strongest last: the environment, files, flags.
func collect(name string, env environment, files, flags []string) ([]assignment, error) {
	var all []assignment
	if text, ok := env.lookup(settingsVariable); ok {
		from, err := assignments(text, func(line int) string { return fmt.Sprintf("%s line %d", settingsVariable, line) })
		if err != nil {
			return nil, err
		}
		all = append(all, from...)
	}
	for _, path := range files {
		text, err := env.readFile(path)
		if err != nil {
			return nil, &usageError{fmt.Sprintf("--set-file %s: %v", path, reason(err))}
		}
		from, err := assignments(string(text), func(line int) string { return fmt.Sprintf("%s:%d", path, line) })
		if err != nil {
			return nil, err
		}
		all = append(all, from...)
	}
	for _, text := range flags {
		a, err := parseAssignment(text, "--set "+keyOf(text))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return ofPipeline(name, all), nil
}

// ofPipeline leaves out what is for other pipelines: PIPELINE:KEY is for that one alone, so
// that several can share an environment.
func ofPipeline(name string, all []assignment) []assignment {
	own := all[:0]
	for _, a := range all {
		of, key, ok := strings.Cut(a.key, ":")
		switch {
		case !ok || strings.Contains(of, "."):
			own = append(own, a)
		case of == name:
			a.key = key
			own = append(own, a)
		}
	}
	return own
}

// assignments reads one assignment a line; empty lines and those that begin
// with # are skipped.
func assignments(text string, where func(line int) string) ([]assignment, error) {
	var all []assignment
	text = strings.TrimPrefix(text, "\ufeff") // editors of Windows begin files with it
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		a, err := parseAssignment(line, where(i+1))
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func keyOf(text string) string {
	key, _, _ := strings.Cut(text, "=")
	return strings.TrimSpace(key)
}

func parseAssignment(text, where string) (assignment, error) {
	key, value, ok := strings.Cut(text, "=")
	if key = strings.TrimSpace(key); !ok || key == "" {
		// The text is not printed: it may be a secret alone.
		return assignment{}, &usageError{where + ": expected key=value"}
	}
	return assignment{key, strings.TrimSpace(value), where}, nil
}

// resolve gives every reference its value, and then every assigned setting. All
// that is missing outside is reported at once, and so is all that is wrong in
// assignments. A reference whose setting is assigned is not looked at.
func resolve(s *Spec, env environment, set []assignment) error {
	missing, err := resolveSome(s, env, set)
	if err == nil && len(missing) > 0 {
		err = missing.error(func(*Ref) bool { return true })
	}
	return err
}

// A missing is what is not there outside, or not as it must be.
type missing []lack

type lack struct {
	ref *Ref
	err error
}

// error is that of the references that somebody needs, nil for none.
func (m missing) error(needed func(*Ref) bool) error {
	var all []error
	for _, l := range m {
		if needed(l.ref) {
			all = append(all, l.err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &environmentError{errors.Join(all...)}
}

// some tells whether one of the references is missing.
func (m missing) some(refs []Ref) bool {
	return slices.ContainsFunc(refs, func(r Ref) bool {
		return slices.ContainsFunc(m, func(l lack) bool { return l.ref.Key == r.Key })
	})
}

// resolveSome is resolve for commands that need a part of the values: what is missing
// is no error yet.
func resolveSome(s *Spec, env environment, set []assignment) (missing, error) {
	if err := checkKeys(s, set); err != nil {
		return nil, err
	}
	assigned := map[string]bool{}
	for _, a := range set {
		assigned[a.key] = true
	}
	var lacks missing
	refs := s.refs()
	for i := range refs {
		r := &refs[i]
		if r.Key != "" && assigned[r.Key] {
			continue
		}
		if err := r.resolve(env); err != nil {
			lacks = append(lacks, lack{r, err})
		}
	}
	var wrong []string
	for _, a := range set {
		if err := s.assign(a); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	if len(wrong) > 0 {
		return nil, &usageError{strings.Join(wrong, "\n")}
	}
	for _, f := range s.Fresh {
		if lacks.some(f.refs()) {
			continue // it is not used
		}
		if err := f.begin(env, assigned); err != nil {
			return nil, &environmentError{err}
		}
	}
	return lacks, nil
}

// refs are all references, those of files that are looked at again last.
func (s *Spec) refs() []Ref {
	all := slices.Clip(s.Refs)
	for _, f := range s.Fresh {
		all = append(all, f.refs()...)
	}
	return all
}

// checkKeys refuses keys that do not exist, with the one that may be meant.
func checkKeys(s *Spec, set []assignment) error {
	var keys, wrong []string
	known := map[string]bool{}
	for _, t := range s.Settings {
		keys = append(keys, t.Key)
		known[t.Key] = true
	}
	for _, a := range set {
		if known[a.key] {
			continue
		}
		msg := fmt.Sprintf("%s: there is no setting `%s`", a.where, a.key)
		if meant := near(a.key, keys); meant != "" {
			msg += fmt.Sprintf(" (did you mean `%s`?)", meant)
		} else {
			msg += " (--help lists them)"
		}
		wrong = append(wrong, msg)
	}
	if len(wrong) > 0 {
		return &usageError{strings.Join(wrong, "\n")}
	}
	return nil
}

// assign sets one setting.
func (s *Spec) assign(a assignment) error {
	for i := range s.Settings {
		t := &s.Settings[i]
		if t.Key != a.key {
			continue
		}
		err := t.Set.Set(a.value)
		if err == nil {
			return nil
		}
		msg := a.where
		if !strings.Contains(msg, a.key) {
			msg += ": " + a.key
		}
		msg += ": " + err.Error()
		if !t.Secret {
			msg += fmt.Sprintf(", not %q", a.value)
		}
		if t.Place != "" {
			msg += " (" + t.Place + ")"
		}
		return errors.New(msg)
	}
	return nil
}

// resolve puts the parts together and stores the value. Its errors never hold
// the value: it may be a secret.
func (r *Ref) resolve(env environment) error {
	var text strings.Builder
	for _, p := range r.Parts {
		value, err := p.value(env)
		if err != nil {
			return r.error(err)
		}
		text.WriteString(value)
	}
	if err := r.Set.Set(text.String()); err != nil {
		return r.error(fmt.Errorf("%w, in the value of %s", err, r.sources()))
	}
	return nil
}

func (r *Ref) error(err error) error {
	if r.Key != "" {
		err = fmt.Errorf("%s: %w", r.Key, err)
	}
	return &placedError{r.Place, err}
}

// sources names where the value comes from.
func (r *Ref) sources() string {
	var names []string
	for _, p := range r.Parts {
		switch p.kind {
		case partEnv, partEnvOr:
			names = append(names, "${env:"+p.text+"}")
		case partFile:
			names = append(names, "${file:"+p.text+"}")
		}
	}
	return strings.Join(names, " and ")
}

func (p Part) value(env environment) (string, error) {
	switch p.kind {
	case partEnv:
		value, ok := env.lookup(p.text)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set", p.text)
		}
		return value, nil
	case partEnvOr:
		if value, ok := env.lookup(p.text); ok && value != "" {
			return value, nil
		}
		return p.fallback, nil
	case partFile:
		data, err := env.readFile(env.secretPath(p.text))
		if err != nil {
			return "", fmt.Errorf("the file %s: %w", p.text, reason(err))
		}
		text := strings.TrimSuffix(string(data), "\n")
		return strings.TrimSuffix(text, "\r"), nil
	}
	return p.text, nil
}

// reason takes the path off a file error: it stands before already.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
