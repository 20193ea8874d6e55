package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/local"
	"github.com/flowc-dev/flowc/backends/local/alive"
	"github.com/flowc-dev/flowc/backends/local/live"
)

// A folder is what is kept of one pipeline:
//
//	release.json    what was applied
//	state.json      how it does, as its supervisor has seen last
//	lock            held by the supervisor as long as it lives
//	log, log.1 …    what the processes said
//	supervisor.log  what the supervisor itself could say nowhere else
//	credentials/    links to files of secrets
//	programs/       binaries, by version
//	data/           where the program runs: its state, and relative paths
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// data is where the program runs.
func (f folder) data() string { return f.path("data") }

// A record is a release as its folder keeps it.
type record struct {
	Pipeline string      `json:"pipeline"`
	Hash     string      `json:"hash"`
	Folder   string      `json:"folder"`
	Group    local.Group `json:"group"`
}

// release is what was applied, nil for nothing, and its digest.
func (f folder) release() (*record, string, error) {
	text, err := os.ReadFile(f.path("release.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	r := &record{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, "", fmt.Errorf("%s can't be read: %w", f.path("release.json"), err)
	}
	sum := sha256.Sum256(text)
	return r, hex.EncodeToString(sum[:]), nil
}

// record is a release on its way to the folder.
func recordOf(r *deploy.Release) (*record, error) {
	rec := &record{Pipeline: r.Pipeline, Hash: r.Hash, Folder: r.Folder}
	if err := json.Unmarshal(r.Manifest, &rec.Group); err != nil {
		return nil, fmt.Errorf("what was applied of %s can't be read: %w", r.Pipeline, err)
	}
	return rec, nil
}

// A state is how a group does, for whoever looks while its supervisor lives and
// afterwards.
type state struct {
	// Supervisor is the process that looks after the others, Release the digest of what
	// it runs.
	Supervisor alive.Process `json:"supervisor"`
	Release    string        `json:"release"`
	// Stopped tells that it was told to end.
	Stopped   bool           `json:"stopped,omitempty"`
	Processes []processState `json:"processes"`
	// Orphans are processes of a supervisor before it that was killed.
	Orphans []alive.Process `json:"orphans,omitempty"`
	// Digests are those of the secrets with which it was started, by variable and with
	// salt: they tell another value from this one, and nothing more.
	Salt    string            `json:"salt,omitempty"`
	Digests map[string]string `json:"digests,omitempty"`
}

// A processState is how one process does.
type processState struct {
	Name     string        `json:"name"`
	Is       alive.Process `json:"is,omitzero"`
	Phase    live.Phase    `json:"phase"`
	Restarts int           `json:"restarts"`
	Code     int           `json:"code"`
	Says     string        `json:"says,omitempty"`
	Since    time.Time     `json:"since"`
}

// state is the one that was written last; a zero one where there is none.
func (f folder) state() (*state, error) {
	s := &state{}
	text, err := os.ReadFile(f.path("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		return nil, fmt.Errorf("%s can't be read: %w", f.path("state.json"), err)
	}
	return s, nil
}

// left are the processes that still run though their supervisor does not.
func (s *state) left() (all []alive.Process) {
	for _, p := range s.Processes {
		if p.Is.Alive() {
			all = append(all, p.Is)
		}
	}
	for _, o := range s.Orphans {
		if o.Alive() {
			all = append(all, o)
		}
	}
	return all
}

// write puts a file in its place at once, readable for its owner alone.
func (f folder) write(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(string(f), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.path(name))
}
