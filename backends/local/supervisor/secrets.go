package supervisor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/local"
)

// secrets are the values of the variables of a group that have secrets: those that are
// given, else those of the file, else those of whoever applies it.
func (e *Engine) secrets(g *local.Group, given map[string]string) (map[string]string, error) {
	all := map[string]string{}
	for _, p := range g.Processes {
		if len(p.Secrets) == 0 {
			continue
		}
		file, err := readVariables(p.SecretsFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the secrets of %s: %w", g.Pipeline, err)
		}
		for _, name := range p.Secrets {
			value, ok := given[name]
			if !ok {
				value, ok = file[name]
			}
			if !ok {
				value, ok = e.Lookup(name)
			}
			if !ok {
				return nil, fmt.Errorf("%s is missing a value: a secret of the pipeline %s. Write %s=… into %s, which only you can read (mode 0600), or set it in the environment of this command", name, g.Pipeline, name, p.SecretsFile)
			}
			all[name] = value
		}
	}
	return all, nil
}

// readVariables reads lines of NAME=VALUE as systemd does: a value may stand in quotes,
// and a line that begins with # or ; is a remark.
func readVariables(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		all[strings.TrimSpace(name)] = value
	}
	return all, nil
}

// digests are those of secrets, with salt.
func digests(salt string, secrets map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range secrets {
		mac := hmac.New(sha256.New, []byte(salt))
		mac.Write([]byte(value))
		all[name] = hex.EncodeToString(mac.Sum(nil))
	}
	return all
}

// newSalt makes digests ones that no other list has.
func newSalt() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// ran are the secrets with which a group was started, as far as its supervisor can still
// be asked.
func (s *state) ran(g *local.Group) map[string]string {
	if !s.Supervisor.Alive() {
		return nil
	}
	env := map[string]string{}
	for _, v := range s.Supervisor.Environ() {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	all := map[string]string{}
	for _, p := range g.Processes {
		for _, name := range p.Secrets {
			if value, ok := env[name]; ok {
				all[name] = value
			}
		}
	}
	return all
}

// link makes a folder of links to the files of secrets of a group.
func link(dir string, g *local.Group) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	files := map[string]string{}
	for _, p := range g.Processes {
		maps.Copy(files, p.Credentials)
	}
	if len(files) == 0 {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.Symlink(files[name], filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
